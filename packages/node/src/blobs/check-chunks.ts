/** Checking bytes that were read from the disk against the chunks that they should be. */
import { equal, type HashFunction } from '@cairn/primitives'
import { type BlobLayout, type ChunkPlace, chunkHashes, verifyChunk } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'

/** PERF: a blob may have gigabytes; other work gets its turn every few megabytes. */
const CHUNKS_PER_TURN = 32

const NOTHING = new Uint8Array()

/** Checks a whole blob. Returns the index of the first chunk that does not verify. */
export async function badChunkOfWhole(
  hash: HashFunction,
  { chunks }: BlobLayout,
  bytes: Uint8Array,
): Promise<number | undefined> {
  for (let first = 0; first < chunks.length; first += CHUNKS_PER_TURN) {
    const turn = chunks.slice(first, first + CHUNKS_PER_TURN)
    const found = chunkHashes(
      hash,
      turn.map(({ dtype, offset, sizeBytes }) => ({ dtype, bytes: bytes.subarray(offset, offset + sizeBytes) })),
    )
    const bad = turn.findIndex((chunk, i) => !equal(chunk.hash, found[i]?.[0] ?? NOTHING))
    if (bad >= 0) return first + bad
    await new Promise(resolve => setImmediate(resolve))
  }
  return undefined
}

/** Returns the first chunk that does not verify; `bytes` are the chunks', one behind the other. */
export function badChunk(chunks: readonly ChunkPlace[], bytes: Uint8Array): ChunkPlace | undefined {
  let at = 0
  return chunks.find(chunk => {
    const end = at + chunk.sizeBytes
    const isRight = verifyChunk(sha256, chunk, bytes.subarray(at, end))
    at = end
    return !isRight
  })
}
