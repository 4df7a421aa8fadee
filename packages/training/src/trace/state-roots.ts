/** Tensor roots of states, and openings of them. A state of a large model takes a second to hash, so it is done once. */
import {
  concat,
  type Hash,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  merkleLeafHash,
  merkleProof,
} from '@cairn/primitives'
import { type RootOpening, tensorRoot } from '@cairn/protocol'
import { statePrefix } from '../compile/sources.ts'
import type { State, TensorSlot } from '../execute/state.ts'

export interface StateRoots {
  /** In the order of the state's tree. */
  readonly roots: readonly HashHex[]
  open(slot: number): RootOpening
}

/** The leaf of a tensor in a state. */
export const slotLeaf = (slot: TensorSlot, root: HashHex): Uint8Array => concat(statePrefix(slot), hashFromHex(root))

function hashState(hash: HashFunction, slots: readonly TensorSlot[], state: State): StateRoots {
  const roots = slots.map(({ name, dtype }) => hashToHex(tensorRoot(hash, dtype, state.get(name) as Uint8Array)))
  const leafHashes: Hash[] = slots.map((slot, i) => merkleLeafHash(hash, slotLeaf(slot, roots[i] as HashHex)))
  return {
    roots,
    open: slot => ({ root: roots[slot] as HashHex, path: merkleProof(hash, leafHashes, slot).map(hashToHex) }),
  }
}

/** Hashes states, each once for as long as somebody holds it. `slots` are in the order of the state's tree. */
export function stateRoots(hash: HashFunction): (slots: readonly TensorSlot[], state: State) => StateRoots {
  const known = new WeakMap<State, StateRoots>()
  return (slots, state) => {
    const roots = known.get(state) ?? hashState(hash, slots, state)
    known.set(state, roots)
    return roots
  }
}
