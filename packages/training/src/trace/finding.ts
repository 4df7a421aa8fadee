/** What a referee finds out about a proof, for it to decide and for people to read. */
import type { DType } from '@cairn/engine'

/** An atom that was read: an element, or a block of a quantised tensor. */
export interface AtomRead {
  readonly input: number
  readonly index: number
  readonly bytes: Uint8Array
  /** Of the operator that was read; none where it is an operand of a batch. */
  readonly operator?: number
  readonly dtype?: DType
  readonly shape?: readonly number[]
}

/** Values that were compared, as bytes: elements, blocks, partial results, or roots. */
export interface Finding {
  /** Whether the proof shows what it says. */
  readonly shows: boolean
  /** What the other side says, and what it comes to. Neither where it was not looked at. */
  readonly claimed?: Uint8Array
  readonly computed?: Uint8Array
  /** What it says is in a leaf of a length that no such leaf has. */
  readonly isMalformed?: true
  /** Whether the computation left the domain. */
  readonly diverged?: boolean
  /** Of an element or a block: what its computation has read, each atom once. */
  readonly reads?: readonly AtomRead[]
  /** Of a partial result: what it was computed from, in order; f32 or i32 bits, or a block. */
  readonly operands?: readonly (number | Uint8Array)[]
}

/** A proof that is none. */
export const NOTHING_FOUND: Finding = { shows: false }
