/**
 * Where the chunks of a blob lie: numbered through all parts, in the order of the stored bytes. Chunks are what peers
 * ask each other for, verify one by one, and ask others for again.
 */
import { equal, type Hash, type HashFunction } from '@cairn/primitives'
import type { TensorDtype } from '../state-root.ts'
import { type BlobManifest, chunkHash, chunkSizeBytes } from './manifest.ts'

/** One chunk of a blob. */
export interface ChunkPlace {
  /** First byte, counted from the blob's begin. */
  readonly offset: number
  readonly sizeBytes: number
  readonly dtype: TensorDtype
  readonly hash: Hash
}

export interface PartPlace {
  readonly name: string
  readonly offset: number
  readonly sizeBytes: number
  readonly firstChunk: number
  readonly chunkCount: number
}

export interface BlobLayout {
  readonly sizeBytes: number
  readonly parts: readonly PartPlace[]
  readonly chunks: readonly ChunkPlace[]
}

/** Lays out a blob. */
export function layoutOf({ parts }: BlobManifest): BlobLayout {
  const places: PartPlace[] = []
  const chunks: ChunkPlace[] = []
  let offset = 0
  for (const { name, dtype, sizeBytes, chunkHashes } of parts) {
    places.push({ name, offset, sizeBytes, firstChunk: chunks.length, chunkCount: chunkHashes.length })
    const step = chunkSizeBytes(dtype)
    chunkHashes.forEach((hash, i) => {
      chunks.push({ offset: offset + i * step, sizeBytes: Math.min(step, sizeBytes - i * step), dtype, hash })
    })
    offset += sizeBytes
  }
  return { sizeBytes: offset, parts: places, chunks }
}

/** Tells whether bytes are the chunk that the manifest names. Never throws. */
export function verifyChunk(hash: HashFunction, chunk: ChunkPlace, bytes: Uint8Array): boolean {
  return bytes.length === chunk.sizeBytes && equal(chunkHash(hash, chunk.dtype, bytes), chunk.hash)
}
