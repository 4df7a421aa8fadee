/** The manifests that were used last, so that serving a blob chunk by chunk does not read and check one each time. */
import { type BlobId, type BlobLayout, type BlobManifest, layoutOf } from '@cairn/protocol'

/** Most chunks and parts that all cached manifests may have together: some 50 MiB. */
const MAX_WEIGHT = 200_000

export interface KnownBlob {
  readonly manifest: BlobManifest
  readonly layout: BlobLayout
}

export interface ManifestCache {
  get(id: BlobId): Promise<KnownBlob | undefined>
  forget(id: BlobId): void
}

/** Caches what `read` finds; an id has only one manifest, so nothing here grows stale. */
export function manifestCache(read: (id: BlobId) => Promise<BlobManifest | undefined>): ManifestCache {
  const cached = new Map<BlobId, KnownBlob>()
  let weight = 0

  function forget(id: BlobId): void {
    const known = cached.get(id)
    if (known === undefined) return
    cached.delete(id)
    weight -= weightOf(known)
  }

  function remember(id: BlobId, known: KnownBlob): void {
    forget(id)
    cached.set(id, known)
    weight += weightOf(known)
    for (const oldest of cached.keys()) {
      if (weight <= MAX_WEIGHT || oldest === id) return
      forget(oldest)
    }
  }

  return {
    forget,
    async get(id) {
      const known = cached.get(id) ?? knownBlob(await read(id))
      if (known !== undefined) remember(id, known)
      return known
    },
  }
}

const knownBlob = (manifest: BlobManifest | undefined): KnownBlob | undefined =>
  manifest && { manifest, layout: layoutOf(manifest) }

const weightOf = ({ layout }: KnownBlob): number => layout.chunks.length + layout.parts.length
