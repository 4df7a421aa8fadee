/**
 * The referee: the last word on one computation. Letters have one in tests, `training` the real one, and a contract the
 * same. SPEC: docs/spec/referee.md.
 */
import type { HashHex } from '@cairn/primitives'
import type { Opening, Proof } from './proof.ts'
import type { Subject } from './subject.ts'

/** What the game has to know of an operator. */
export interface OperatorFacts {
  /** Leaves of its tensor. */
  readonly leaves: number
  /** Elements, or blocks of a quantised tensor; how many a full leaf holds, and the bytes of each. */
  readonly elements: number
  readonly perLeaf: number
  readonly elementBytes: number
  /** Partial results of each element, 0 where an element is judged at once; and as above. */
  readonly partials: number
  readonly partialsPerLeaf: number
  readonly partialBytes: number
  /** Whether the operator has its root from somewhere else, so that its root alone is judged. */
  readonly isCopy: boolean
}

/** Roots and leaves that the game has come to; a proof is judged against them. */
export interface Disputed {
  /** Run of the subject, from 0. */
  readonly run: number
  /** The end of the run before; none when this one begins from the unit's input. */
  readonly previous?: HashHex
  /** End root of the run's target. */
  readonly end: HashHex
  readonly target: number
  /** The defender's operator tree. */
  readonly operatorTree?: HashHex
  readonly operator: number
  /** Hash of the defender's leaf: of its operator, slot, elements or partial results. */
  readonly leafHash?: HashHex
  /** Number of that leaf. */
  readonly leaf: number
  readonly tensorRoot?: HashHex
  readonly element: number
  readonly partialRoot?: HashHex
  /** Whether the defender says that the operator left the domain. */
  readonly isFlagged: boolean
}

export interface Referee {
  /** Reads an operator's leaf of the program. Undefined when the opening is not true. */
  operator(subject: Subject, operator: number, leaf: Opening): OperatorFacts | undefined
  /** Tells whether a proof shows what it says. Never throws: a malformed one shows nothing. */
  judge(subject: Subject, disputed: Disputed, proof: Proof): boolean
}
