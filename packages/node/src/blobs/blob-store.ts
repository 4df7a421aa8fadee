/**
 * A node's blobs: written whole or not at all, read back only as what their id says. SPEC: docs/decisions/0004-network.md
 * "Identities". A file that has gone bad is dropped, reported and from then on missing, so that it is fetched again.
 */

import type { HashFunction } from '@cairn/primitives'
import {
  type BlobId,
  type BlobManifest,
  type BlobPart,
  blobIdOf,
  encodeManifest,
  layoutOf,
  manifestOf,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { makeDirectory, replaceWhole, writeWhole } from '../files/read-write.ts'
import {
  type BlobFile,
  bytesPath,
  type ChunkRanges,
  listBlobs,
  manifestPath,
  partialDirectory,
  rangesOf,
  readManifest,
  readRanges,
  removeBlob,
  removeLeftovers,
  sizeOnDisk,
} from './blob-files.ts'
import { badChunk, badChunkOfWhole } from './check-chunks.ts'
import type { ChunkRun } from './exchange-wire.ts'
import { type KnownBlob, manifestCache } from './manifest-cache.ts'
import type { PartialBlob } from './partial-blob.ts'
import { partialBlobs } from './partial-blobs.ts'

export interface BlobStoreOptions {
  readonly directory: string
  /** Hashes what is written and read whole; left out, on this thread alone. */
  readonly hash?: HashFunction
  /** Told when bytes on the disk were not what they should be; the blob is gone by then. */
  readonly onCorrupt?: (id: BlobId, found: string) => void
}

interface ReadOptions {
  readonly verify?: boolean
}

export interface BlobStore {
  readonly directory: string
  /** Looks at the disk: other threads write here too. With `names`, whether the parts of these names are, though nothing else may be. */
  has(id: BlobId, names?: readonly string[]): Promise<boolean>
  manifest(id: BlobId): Promise<BlobManifest | undefined>
  /** Reads a whole blob as its parts. Every chunk is checked unless `verify` is false. */
  read(id: BlobId, options?: ReadOptions): Promise<BlobPart[] | undefined>
  /**
   * Reads those parts of a blob that have these names, also where it is here in part. SAFETY: what was not fetched yet reads as
   * zeros where nothing is checked.
   */
  readParts(id: BlobId, names: readonly string[], options?: ReadOptions): Promise<BlobPart[] | undefined>
  /** Reads chunks for a peer, always checked; `refused` where there are none such, or more than `maxBytes`. */
  readChunks(id: BlobId, runs: readonly ChunkRun[], maxBytes: number): Promise<Uint8Array | 'missing' | 'refused'>
  /**
   * Returns the id once the blob is safe from a power cut, or, where that is not asked for, from a crash of the process.
   * Throws `ResourceError` (`DiskFull`, `NotWritable`).
   */
  write(parts: readonly BlobPart[], options?: { readonly isDurable?: boolean }): Promise<BlobId>
  delete(id: BlobId): Promise<void>
  /** Blobs that are here, whole or in part, and not being fetched, in no order. */
  list(): Promise<BlobFile[]>
  /** The manifest of a blob that was fetched in part. */
  partialManifest(id: BlobId): Promise<BlobManifest | undefined>
  /** Opens what was fetched of a blob so far, or begins. Throws `ResourceError`. */
  openPartial(manifest: BlobManifest): Promise<PartialBlob>
  deletePartial(id: BlobId): Promise<void>
}

/** Opens a directory of blobs and makes it if need be. Throws `ResourceError`. */
export async function openBlobStore({ directory, hash = sha256, onCorrupt }: BlobStoreOptions): Promise<BlobStore> {
  await makeDirectory(partialDirectory(directory))
  await removeLeftovers(directory)
  const manifests = manifestCache(id => readManifest(directory, id))
  const inPart = partialBlobs(directory)

  async function knownBlob(id: BlobId): Promise<KnownBlob | undefined> {
    const sizeBytes = await sizeOnDisk(directory, id)
    if (sizeBytes === undefined) return undefined
    const known = await manifests.get(id)
    if (known === undefined) return drop(id, 'no manifest')
    if (sizeBytes === known.layout.sizeBytes) return known
    return drop(id, `${sizeBytes} bytes instead of ${known.layout.sizeBytes}`)
  }

  async function drop(id: BlobId, found: string): Promise<undefined> {
    await deleteBlob(id)
    onCorrupt?.(id, found)
    return undefined
  }

  async function deleteBlob(id: BlobId): Promise<void> {
    manifests.forget(id)
    await removeBlob(directory, id)
    await inPart.delete(id)
  }

  async function readChecked(id: BlobId, { chunks, ranges }: ChunkRanges, verify: boolean) {
    const bytes = await readRanges(bytesPath(directory, id), ranges)
    if (bytes === undefined) return (await has(id)) ? drop(id, 'a file that cannot be read') : undefined
    const bad = verify ? badChunk(chunks, bytes) : undefined
    return bad === undefined ? bytes : drop(id, `a chunk with another hash, ${bad.offset} bytes in`)
  }

  const has = async (id: BlobId): Promise<boolean> => (await sizeOnDisk(directory, id)) !== undefined

  return {
    directory,
    has: async (id, names) => (await has(id)) || (names !== undefined && (await inPart.has(id, names))),
    manifest: async id => (await knownBlob(id))?.manifest,
    async read(id, { verify = true } = {}) {
      const known = await knownBlob(id)
      const whole =
        known && (await readRanges(bytesPath(directory, id), [{ offset: 0, sizeBytes: known.layout.sizeBytes }]))
      if (known === undefined || whole === undefined) return undefined
      const bad = verify ? await badChunkOfWhole(hash, known.layout, whole) : undefined
      return bad === undefined ? partsOf(known, whole) : drop(id, `chunk ${bad} with another hash`)
    },
    async readParts(id, names, { verify = true } = {}) {
      const whole = await knownBlob(id)
      const manifest = whole?.manifest ?? (await inPart.manifest(id))
      if (manifest === undefined) return undefined
      const layout = whole?.layout ?? layoutOf(manifest)
      const places = layout.parts.filter(({ name, chunkCount }) => chunkCount > 0 && names.includes(name))
      const runs = places.map(({ firstChunk, chunkCount }) => ({ first: firstChunk, count: chunkCount }))
      const ranges = rangesOf(layout, runs) as ChunkRanges
      const bytes = await (whole === undefined ? inPart.read : readChecked)(id, ranges, verify)
      return bytes && namedParts({ manifest, layout }, names, bytes)
    },
    async readChunks(id, runs, maxBytes) {
      const known = await knownBlob(id)
      if (known === undefined) return 'missing'
      const ranges = rangesOf(known.layout, runs)
      if (ranges === undefined || ranges.sizeBytes > maxBytes) return 'refused'
      return (await readChecked(id, ranges, true)) ?? 'missing'
    },
    async write(parts, { isDurable = true } = {}) {
      const manifest = manifestOf(hash, parts)
      const id = blobIdOf(hash, manifest)
      if ((await knownBlob(id)) !== undefined) return id
      const put = isDurable ? writeWhole : replaceWhole
      await put(manifestPath(directory, id), encodeManifest(manifest))
      await put(bytesPath(directory, id), ...orderedBytes(manifest, parts))
      return id
    },
    delete: deleteBlob,
    list: async () => [...(await listBlobs(directory)), ...(await inPart.list())],
    partialManifest: inPart.manifest,
    openPartial: inPart.open,
    deletePartial: inPart.delete,
  }
}

/** Parts of these names; `bytes` are theirs, one behind the other. */
function namedParts({ manifest, layout }: KnownBlob, names: readonly string[], bytes: Uint8Array): BlobPart[] {
  let at = 0
  return manifest.parts.flatMap(({ name, dtype, shape }, i) => {
    if (!names.includes(name)) return []
    const begin = at
    at += layout.parts[i]!.sizeBytes
    return [{ name, dtype, shape, bytes: bytes.subarray(begin, at) }]
  })
}

const partsOf = ({ manifest, layout }: KnownBlob, bytes: Uint8Array): BlobPart[] =>
  manifest.parts.map(({ name, dtype, shape }, i) => {
    const { offset, sizeBytes } = layout.parts[i]!
    return { name, dtype, shape, bytes: bytes.subarray(offset, offset + sizeBytes) }
  })

const orderedBytes = ({ parts }: BlobManifest, given: readonly BlobPart[]): Uint8Array[] =>
  parts.map(({ name }) => given.find(part => part.name === name)!.bytes)
