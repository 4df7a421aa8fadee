/** Node's native SHA-256, as the hash function that every floor below takes as an argument. */
import { createHash } from 'node:crypto'
import type { Hash, HashFunction } from '@cairn/primitives'

export const sha256: HashFunction = (...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest()) as Hash
}
