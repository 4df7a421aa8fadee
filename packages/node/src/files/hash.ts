/** Node's native SHA-256, as the hash function that every floor below takes as an argument. */
import { createHash, hash } from 'node:crypto'
import { HASH_SIZE_BYTES, type Hash, type HashFunction } from '@cairn/primitives'

const joined = Buffer.alloc(8192)
const digested = Buffer.alloc(HASH_SIZE_BYTES)

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

/** PERF: a string of bytes, for a buffer of its own costs the collector more than its 32 bytes. */
function digest(parts: readonly Uint8Array[]): string {
  const short = join(parts)
  if (short !== undefined) return hash('sha256', short, 'binary')
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return state.digest('binary')
}

export const sha256: HashFunction = (...parts) => {
  digested.write(digest(parts), 'latin1')
  return new Uint8Array(digested) as Hash
}
