/**
 * A node's blobs: written whole or not at all, read back only as what their id says. SPEC: docs/decisions/0004-network.md
 * "Identities". A file that has gone bad is dropped, reported and from then on missing, so that it is fetched again.
 */

import type { HashFunction } from '@cairn/primitives'
import {
  type BlobId,
  type BlobLayout,
  type BlobManifest,
  type BlobPart,
  blobIdOf,
  encodeManifest,
  manifestOf,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { makeDirectory, replaceWhole, writeWhole } from '../files/read-write.ts'
import {
  type BlobFile,
  bytesPath,
  listBlobs,
  manifestPath,
  partialDirectory,
  rangeOf,
  readAt,
  readManifest,
  removeBlob,
  removeLeftovers,
  sizeOnDisk,
} from './blob-files.ts'
import { badChunk, badChunkOfWhole } from './check-chunks.ts'
import { type KnownBlob, manifestCache } from './manifest-cache.ts'
import { openPartial, type PartialBlob, removePartial } from './partial-blob.ts'

export interface BlobStoreOptions {
  readonly directory: string
  /** Hashes what is written and read whole; left out, on this thread alone. */
  readonly hash?: HashFunction
  /** Told when bytes on the disk were not what they should be; the blob is gone by then. */
  readonly onCorrupt?: (id: BlobId, found: string) => void
}

export interface BlobStore {
  readonly directory: string
  /** Looks at the disk: other threads write here too. */
  has(id: BlobId): Promise<boolean>
  manifest(id: BlobId): Promise<BlobManifest | undefined>
  /** Reads a whole blob as its parts. Every chunk is checked unless `verify` is false. */
  read(id: BlobId, options?: { readonly verify?: boolean }): Promise<BlobPart[] | undefined>
  /** Reads one part, checked likewise. */
  readPart(id: BlobId, name: string, options?: { readonly verify?: boolean }): Promise<BlobPart | undefined>
  /** Reads consecutive chunks for a peer, always checked; `refused` where there are none such, or more than `maxBytes`. */
  readChunks(id: BlobId, first: number, count: number, maxBytes: number): Promise<Uint8Array | 'missing' | 'refused'>
  /**
   * Returns the id once the blob is safe from a power cut, or, where that is not asked for, from a crash of the process.
   * Throws `ResourceError` (`DiskFull`, `NotWritable`).
   */
  write(parts: readonly BlobPart[], options?: { readonly isDurable?: boolean }): Promise<BlobId>
  delete(id: BlobId): Promise<void>
  /** Blobs that are whole, in no order. */
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
  }

  async function readRange(id: BlobId, layout: BlobLayout, first: number, count: number, verify: boolean) {
    const range = rangeOf(layout, first, count)
    if (range === undefined) return undefined
    const bytes = await readAt(bytesPath(directory, id), range.offset, range.sizeBytes)
    if (bytes === undefined) return (await has(id)) ? drop(id, 'a file that cannot be read') : undefined
    const bad = verify ? badChunk(range.chunks, range.offset, bytes) : undefined
    return bad === undefined ? bytes : drop(id, `chunk ${first + bad} with another hash`)
  }

  const has = async (id: BlobId): Promise<boolean> => (await sizeOnDisk(directory, id)) !== undefined

  return {
    directory,
    has,
    manifest: async id => (await knownBlob(id))?.manifest,
    async read(id, { verify = true } = {}) {
      const known = await knownBlob(id)
      const whole = known && (await readAt(bytesPath(directory, id), 0, known.layout.sizeBytes))
      if (known === undefined || whole === undefined) return undefined
      const bad = verify ? await badChunkOfWhole(hash, known.layout, whole) : undefined
      return bad === undefined ? partsOf(known, whole) : drop(id, `chunk ${bad} with another hash`)
    },
    async readPart(id, name, { verify = true } = {}) {
      const known = await knownBlob(id)
      const index = known?.layout.parts.findIndex(part => part.name === name) ?? -1
      const [part, place] = [known?.manifest.parts[index], known?.layout.parts[index]]
      if (known === undefined || part === undefined || place === undefined) return undefined
      const { firstChunk, chunkCount } = place
      const bytes = chunkCount === 0 ? EMPTY : await readRange(id, known.layout, firstChunk, chunkCount, verify)
      return bytes && { name, dtype: part.dtype, shape: part.shape, bytes }
    },
    async readChunks(id, first, count, maxBytes) {
      const known = await knownBlob(id)
      if (known === undefined) return 'missing'
      const range = rangeOf(known.layout, first, count)
      if (range === undefined || range.sizeBytes > maxBytes) return 'refused'
      return (await readRange(id, known.layout, first, count, true)) ?? 'missing'
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
    list: () => listBlobs(directory),
    partialManifest: id => readManifest(partialDirectory(directory), id),
    openPartial: manifest => openPartial(directory, manifest),
    deletePartial: id => removePartial(directory, id),
  }
}

const EMPTY = new Uint8Array()

const partsOf = ({ manifest, layout }: KnownBlob, bytes: Uint8Array): BlobPart[] =>
  manifest.parts.map(({ name, dtype, shape }, i) => {
    const { offset, sizeBytes } = layout.parts[i]!
    return { name, dtype, shape, bytes: bytes.subarray(offset, offset + sizeBytes) }
  })

const orderedBytes = ({ parts }: BlobManifest, given: readonly BlobPart[]): Uint8Array[] =>
  parts.map(({ name }) => given.find(part => part.name === name)!.bytes)
