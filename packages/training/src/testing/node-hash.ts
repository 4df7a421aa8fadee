/** Node's SHA-256, for tests that hash whole traces: the portable one would be most of their time. */
import { createHash } from 'node:crypto'
import type { Hash, HashFunction } from '@cairn/primitives'

export const nodeHash: HashFunction = (...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest()) as Hash
}
