/** What a maker of random calls sees, and what it remembers between calls. */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../../dispute/claims.ts'
import type { JobId } from '../../units.ts'
import type { EarningsTree, SettlementHashing } from '../hashing.ts'
import type { JobState, Settlement } from '../state.ts'
import type { Account } from '../terms.ts'
import type { Signature, SignedMessage } from '../works.ts'
import type { Draw } from './draw.ts'

export interface EarningsMemory {
  /** Every tree that was ever asserted, by its root. */
  readonly trees: Map<HashHex, EarningsTree>
  /** Jobs for which somebody asserted something else than what the anchors say. */
  readonly dishonest: Set<JobId>
  /** Every claim that was ever made up, by its hash. */
  readonly claims: Map<HashHex, UnitClaim>
}

export type Sign = (signer: Account, message: SignedMessage) => Signature

export interface Moment {
  readonly state: Settlement
  readonly now: number
}

export interface Situation extends Moment {
  readonly draw: Draw
  readonly accounts: readonly Account[]
  readonly hashing: SettlementHashing
  readonly sign: Sign
  readonly memory: EarningsMemory
  readonly job: readonly [JobId, JobState]
  readonly from: Account
}

export interface Maker<Args> {
  /** How often, beside the others. */
  readonly weight: number
  /** Who would rightly make this call; left out, anybody. */
  readonly by?: (situation: Situation) => Account | undefined
  /** Which jobs are ready for it; left out, any. */
  readonly fits?: (job: JobState, moment: Moment) => boolean
  /** Whether it can come at all; left out, always. */
  readonly isTimely?: (moment: Moment) => boolean
  readonly args: (situation: Situation) => Args
}
