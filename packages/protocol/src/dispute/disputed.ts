/** From a position to what a proof in it is judged against. */
import { type HashFunction, type HashHex, hashFromHex, hashToHex, merkleLeafHash } from '@cairn/primitives'
import { childSpan } from './narrowing.ts'
import type { Position } from './position.ts'
import type { Disputed } from './referee.ts'

/** SPEC: docs/spec/traces.md "Operator tree". */
const CLEAN = 0
const FLAGGED = 1

/** An operator's leaf in the operator tree: the root of its tensor, or that it left the domain. */
export const operatorLeafOf = (tensorRoot: HashHex | undefined): Uint8Array =>
  tensorRoot === undefined ? Uint8Array.of(FLAGGED) : Uint8Array.of(CLEAN, ...hashFromHex(tensorRoot))

export const operatorLeafHash = (hash: HashFunction, tensorRoot: HashHex | undefined): HashHex =>
  hashToHex(merkleLeafHash(hash, operatorLeafOf(tensorRoot)))

/** Finds the hash of the leaf that a proof is about: the open one, or for a slot one of the children shown. */
function leafHashOf({ phase, tree, children, node, isOpen }: Position, slot: number): HashHex | undefined {
  if (phase !== 'slots') return isOpen ? node : undefined
  return childSpan(tree) === 1 ? children[slot - tree.first] : undefined
}

/** Collects what a proof is judged against. `at` is the proof's. */
export function disputedIn(position: Position, at: number): Disputed {
  const { firstRun, previous, end, target, operatorTree, operator, phase, tree, tensorRoot, element } = position
  const leafHash = leafHashOf(position, at)
  return {
    run: firstRun,
    ...(previous === undefined ? {} : { previous }),
    end,
    target,
    ...(operatorTree === undefined ? {} : { operatorTree }),
    operator,
    ...(leafHash === undefined ? {} : { leafHash }),
    leaf: tree.first,
    ...(tensorRoot === undefined ? {} : { tensorRoot }),
    element,
    ...(phase === 'partials' && position.partialRoot !== undefined ? { partialRoot: position.partialRoot } : {}),
    isFlagged: position.isFlagged,
  }
}
