/** Node's native SHA-256, as the hash function that every floor below takes as an argument. */
import { createHash, hash } from 'node:crypto'
import type { Hash, HashFunction } from '@cairn/primitives'

const joined = Buffer.alloc(8192)

/** PERF: one call of OpenSSL costs less than three, and a copy of a leaf less than a call. */
function join(parts: readonly Uint8Array[]): Buffer | undefined {
  let length = 0
  for (const part of parts) {
    if (length + part.length > joined.length) return undefined
    joined.set(part, length)
    length += part.length
  }
  return joined.subarray(0, length)
}

function digest(parts: readonly Uint8Array[]): Buffer {
  const short = join(parts)
  if (short !== undefined) return hash('sha256', short, 'buffer')
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return state.digest()
}

export const sha256: HashFunction = (...parts) => {
  const { buffer, byteOffset, length } = digest(parts)
  return new Uint8Array(buffer, byteOffset, length) as Hash
}
