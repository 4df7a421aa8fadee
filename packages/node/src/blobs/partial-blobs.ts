/** The blobs of a directory that are here in part: half fetched, or of which somebody wanted some parts alone. */
import { type BlobId, type BlobManifest, blobIdOf } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import {
  type BlobFile,
  bytesPath,
  type ChunkRanges,
  listBlobs,
  partialDirectory,
  readManifest,
  readRanges,
  removeBlob,
  sizeOnDisk,
} from './blob-files.ts'
import { badChunk } from './check-chunks.ts'
import { openPartial, type PartialBlob } from './partial-blob.ts'

export interface PartialBlobs {
  manifest(id: BlobId): Promise<BlobManifest | undefined>
  /** Opens what was fetched of a blob so far, or begins. Throws `ResourceError`. */
  open(manifest: BlobManifest): Promise<PartialBlob>
  /** Whether the parts of these names were fetched, since this process began, and are still here. */
  has(id: BlobId, names: readonly string[]): Promise<boolean>
  /** Reads chunks, one behind the other. What does not verify was never fetched: all is to be fetched again. */
  read(id: BlobId, ranges: ChunkRanges, verify: boolean): Promise<Uint8Array | undefined>
  delete(id: BlobId): Promise<void>
  /** Those that nobody is fetching. */
  list(): Promise<BlobFile[]>
}

/** Opens what is here in part of the blobs of a directory. */
export function partialBlobs(directory: string): PartialBlobs {
  const within = partialDirectory(directory)
  const kept = new Map<BlobId, ReadonlySet<string>>()
  const fetching = new Set<BlobId>()

  async function remove(id: BlobId): Promise<void> {
    kept.delete(id)
    await removeBlob(within, id)
  }

  return {
    manifest: id => readManifest(within, id),
    async open(manifest) {
      const id = blobIdOf(sha256, manifest)
      fetching.add(id)
      const partial = await openPartial(directory, manifest).catch((cause: unknown) => {
        fetching.delete(id)
        throw cause
      })
      return {
        ...partial,
        async close() {
          fetching.delete(id)
          await partial.close()
        },
        async keep(names) {
          await partial.keep(names)
          kept.set(id, new Set([...(kept.get(id) ?? []), ...names]))
        },
      }
    },
    async has(id, names) {
      const isKept = names.every(name => kept.get(id)?.has(name))
      return isKept && (await sizeOnDisk(within, id)) !== undefined
    },
    async read(id, { chunks, ranges }, verify) {
      const bytes = await readRanges(bytesPath(within, id), ranges)
      if (bytes === undefined || !verify || badChunk(chunks, bytes) === undefined) return bytes
      await remove(id)
      return undefined
    },
    delete: remove,
    list: async () => (await listBlobs(within)).filter(({ id }) => !fetching.has(id)),
  }
}
