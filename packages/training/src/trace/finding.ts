/** What a referee finds out about a proof, for it to decide and for people to read. */

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
  /** Of a partial result: what it was computed from, in order; f32 or i32 bits, or a block. */
  readonly operands?: readonly (number | Uint8Array)[]
}

/** A proof that is none. */
export const NOTHING_FOUND: Finding = { shows: false }
