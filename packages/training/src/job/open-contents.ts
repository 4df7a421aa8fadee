/** A program's first leaf opened: whoever opens a game brings it along. SPEC: docs/spec/disputes.md "Subject". */
import { type HashFunction, hashToHex, merkleLeafHash, merkleProof } from '@cairn/primitives'
import type { Opening } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'

/** Opens the contents of a program under its root. */
export function openContents({ leaves }: Pick<JobProgram, 'leaves'>, hash: HashFunction): Opening {
  const hashes = leaves.map(leaf => merkleLeafHash(hash, leaf))
  return { index: 0, content: leaves[0] as Uint8Array, path: merkleProof(hash, hashes, 0).map(hashToHex) }
}
