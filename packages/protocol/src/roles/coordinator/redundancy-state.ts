/** What a coordinator knows of units that are done several times: who was drawn, and the course of each. Plain data. */
import type { HashHex } from '@cairn/primitives'
import type { DrawnDoer } from '../../audit/doers.ts'
import type { RedundantUnit } from '../../audit/redundant-unit.ts'
import type { SealedWork } from '../../audit/sealed.ts'
import type { MessageBodies } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Audit } from '../../settlement/works.ts'
import type { JobId } from '../../units.ts'
import type { Peer } from '../events.ts'

/** Who may have to do a round's units beside their workers, in replica order. */
export type RoundDoers = readonly (readonly DrawnDoer[])[]

/** The course of one unit, over all leases on it. */
export interface UnitCourse {
  /** The lease that it is about. */
  readonly lease: number
  readonly unit: RedundantUnit
  /** Of this coordinator's lease on the job. */
  readonly epoch: number
  /** By worker's account, as they were closed: no node opens under another of the same unit, worker and epoch. */
  readonly lists: ReadonlyMap<string, readonly SealedWork[]>
  /** When somebody was last told something, by both. */
  readonly sentMs: ReadonlyMap<string, number>
  /** What doers that found the worker's result have signed of its claim, by account. */
  readonly agreed?: ReadonlyMap<Account, Pick<Audit, 'segment' | 'claim' | 'signature'>>
  /** Doers whose stake does not cover the bond of that. */
  readonly unbonded?: readonly Account[]
  /** Since when they are asked to. */
  readonly agreeMs?: number
}

/** Lists doers that found what the worker found, and have not signed for its claim. */
export function unsignedIn({ unit: { outcome }, agreed, unbonded = [] }: UnitCourse, claim?: HashHex): Account[] {
  const paid = outcome?.outcome === 'compared' ? outcome.paid : []
  const isSigned = (account: Account) => {
    const said = agreed?.get(account)
    return said !== undefined && (claim === undefined || said.claim === claim)
  }
  return paid.filter(account => !unbonded.includes(account) && !isSigned(account))
}

export type RedundancyEvent =
  /** The beacon before a round is there, and says who may have to do its units. Hosts tell it while `lacksDoers` says so. */
  | { readonly event: 'doers'; readonly job: JobId; readonly round: number; readonly drawn: RoundDoers }
  | { readonly event: 'sealed'; readonly job: JobId; readonly peer: Peer; readonly body: MessageBodies['seal'] }
  /** Signed by the registered account of the peer (`isAttestationSigned`), which the host has checked. */
  | { readonly event: 'agreed'; readonly job: JobId; readonly peer: Peer; readonly body: MessageBodies['agreed'] }
  | { readonly event: 'opened'; readonly job: JobId; readonly peer: Peer; readonly body: MessageBodies['opened'] }
