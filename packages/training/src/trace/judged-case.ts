/** What a referee judges: one proof, against what its game has come to. */
import type { HashFunction } from '@cairn/primitives'
import type { Disputed, Proof, Subject } from '@cairn/protocol'
import type { JudgedLeaf } from './judged-leaf.ts'
import type { Place } from './place.ts'

export interface Case {
  readonly hash: HashFunction
  readonly subject: Subject
  readonly disputed: Disputed
  readonly proof: Proof
  /** Of the disputed run. */
  readonly place: Place
}

/** A case about an operator, whose program leaf was opened. */
export interface OperatorCase extends Case {
  readonly leaf: JudgedLeaf
}
