/**
 * Proofs: how a party ends a dispute, with openings from which the referee computes something else than the other side
 * claims. SPEC: docs/spec/disputes.md "Proofs". Not here: what a computation is; the referee knows.
 */
import type { HashHex } from '@cairn/primitives'

/** A leaf and its way up to a root that both sides know. */
export interface Opening {
  readonly index: number
  readonly content: Uint8Array
  /** Sibling hashes from the leaf's level upwards. */
  readonly path: readonly HashHex[]
}

/** The root of a tensor (or of any leaf that is one), with its way up. */
export interface RootOpening {
  readonly root: HashHex
  readonly path: readonly HashHex[]
}

/** A leaf of a tensor that the disputed computation reads: the tensor's root, and the leaf under it. */
export interface OperandOpening {
  /** Which input of the operator. */
  readonly input: number
  /** Absent where the root is known: a constant of the program, the data, a position. */
  readonly tensor?: RootOpening
  readonly leaf: Opening
}

/**
 * - `root`: an input, constant or reshape has another root than its source.
 * - `element`: an element of a map operator, of a dequantised tensor, of a batch; or a block of a quantised one.
 * - `index`: an index of a scatter-add is out of range.
 * - `partial`: a partial result does not follow from those before it.
 * - `value`: an element is not what its last partial result makes it.
 * - `slot`: an end root does not hold the tensor that its slot names.
 * - `flag`: an operator after a flagged one is said to be clean, or the end does not say what the flags say. Of the
 *   defender: the operator before left the domain already.
 */
export type ProofKind = 'root' | 'element' | 'index' | 'partial' | 'value' | 'slot' | 'flag'

export interface Proof {
  readonly kind: ProofKind
  /** The operator's leaf of the program, or the slot's; none for `flag`. */
  readonly program?: Opening
  /** Element code of a map operator or a batch; empty for all else. */
  readonly code: Uint8Array
  /** Number of the element (of the block, for a quantised tensor), of the index, of the partial result. */
  readonly at: number
  /** What the other side revealed there: the leaf of its tensor or of its partial results. */
  readonly claimed?: Opening
  /** Where a root comes from: its way up in the operator tree or in a state. For `flag`, of the operator's leaf before. */
  readonly source?: RootOpening
  readonly operands: readonly OperandOpening[]
  /** Leaves of earlier partial results, and for `value` that of the element. */
  readonly partials: readonly Opening[]
}
