/** What the simulated chain says. Roots and signatures are nobody's matter here. */
import type { HashHex } from '@cairn/primitives'
import type { HistoryEvent } from '../audit.ts'
import { TURNS } from '../settlement/dispute-state.ts'
import { NO_HASH } from '../settlement/hashing.ts'
import type { Account } from '../settlement/terms.ts'
import type { Anchor, Audit } from '../settlement/works.ts'
import type { JobId } from '../units.ts'
import { accountOf } from './audit-network.ts'

interface SimulatedLink {
  readonly job: JobId
  readonly round: number
  readonly head: HashHex
  readonly works: readonly { readonly worker: Account; readonly custodians: readonly Account[] }[]
  readonly audits: readonly Audit[]
}

export function linkEvent(
  event: 'Anchored' | 'Ended',
  { job, round, head, works, audits }: SimulatedLink,
): HistoryEvent {
  const roots = {
    previousHead: NO_HASH,
    previousRoot: NO_HASH,
    previousClaims: NO_HASH,
    globalRoot: NO_HASH,
    documentId: NO_HASH,
  }
  const anchor: Anchor = {
    ...{ job, round, ...roots, coordinator: accountOf(0), audits },
    works: works.map(({ worker, custodians }, index) => {
      return { worker, custodians, index, claim: NO_HASH, signature: '0x', outer: '0x' }
    }),
  }
  return { event, args: { job, round, head, anchor } }
}

/** An attestation to what `linkEvent` says that a unit claims. */
export const auditOf = (verifier: Account, { round, index }: Pick<Audit, 'round' | 'index'>): Audit => ({
  ...{ verifier, round, index, segment: 0, claim: NO_HASH, signature: '0x' },
})

/** A game that a defender lost. */
export function refutedEvents(
  job: JobId,
  round: number,
  position: number,
  defender: Account,
  game: number,
): HistoryEvent[] {
  const about = { job, round, head: NO_HASH, game, position, outer: false, attestation: false }
  return [
    { event: 'GameOpened', args: { ...about, challenger: accountOf(0), defender, bond: 0n } },
    { event: 'GameEnded', args: { game, outcome: TURNS.indexOf('refuted') } },
  ]
}

export const rewoundEvent = (job: JobId, round: number): HistoryEvent => ({
  event: 'Rewound',
  args: { job, round, head: NO_HASH, wrong: NO_HASH },
})

export const finalisedEvent = (job: JobId, round: number): HistoryEvent => ({
  event: 'Finalised',
  args: { job, round, head: NO_HASH },
})

export const closedEvent = (job: JobId): HistoryEvent => ({
  event: 'Closed',
  args: { job, submitter: accountOf(0), refund: 0n },
})
