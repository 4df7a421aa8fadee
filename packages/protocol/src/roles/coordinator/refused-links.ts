/**
 * What follows when the chain refuses a link: who cannot answer for its work is replaced, what may be wrong is left out or done again.
 * SPEC: docs/spec/network.md "Refused links". Nodes take nothing that contracts would refuse; what they got wrong must stop no job.
 */
import type { Account } from '../../settlement/terms.ts'
import type { JobId } from '../../units.ts'
import { leaveUnbondedDoer } from './agreements.ts'
import { leaveUnbonded } from './audits.ts'
import { changeJob, changeRound, type Draft, jobOf, note } from './draft.ts'
import { reopenEnd, reopenRound, reopenUnbonded } from './rewind.ts'
import type { ChainCall } from './state.ts'

export type LinkCall = Extract<ChainCall, { readonly call: 'anchor' | 'end' }>

/** After so many a link that closes a chain keeps nobody from what is owed any more, and another one is made with less. */
export const MANY_REFUSALS = 5

/** Why a transaction did not go through, as far as that is known. */
export interface Refusal {
  /** The contract has refused it; otherwise nobody knows what became of it. */
  readonly isRefused?: boolean
  /** It refuses what the link holds: at another time it would do so, too. */
  readonly isWrong?: boolean
  /** Account of a worker or verifier whose bond could not be locked for it. */
  readonly unbonded?: string
}

/** Takes in that a link was not added. */
export function onLinkRefused(draft: Draft, id: JobId, call: LinkCall, refusal: Refusal): void {
  const { isRefused = false, isWrong = false, unbonded } = refusal
  if (unbonded !== undefined) {
    onUnbonded(draft, id, call, unbonded)
    return
  }
  const { endRefusals = 0, wrongLinks = 0 } = jobOf(draft, id) ?? {}
  if (isRefused && call.call === 'end') changeJob(draft, id, job => ({ ...job, endRefusals: endRefusals + 1 }))
  if (!isWrong) return
  const isMany = wrongLinks + 1 === MANY_REFUSALS
  changeJob(draft, id, job => ({ ...job, wrongLinks: isMany ? 0 : wrongLinks + 1 }))
  if (isMany) makeAnother(draft, id, call)
}

/** Attestations are left out before work is done again: a link does not need them. */
function makeAnother(draft: Draft, id: JobId, call: LinkCall): void {
  const round = call.call === 'anchor' ? call.round : (jobOf(draft, id)?.chain.anchored ?? 0)
  const reason = `the chain has refused the link ${MANY_REFUSALS} times`
  if (call.audits.length === 0) {
    if (call.call === 'anchor' || call.outcome === 'diverged') reopenRound(draft, id, round, reason)
    return
  }
  note(draft, `the link of round ${round} pays for no attestations: ${reason}`, { job: id, round })
  if (call.call === 'end') changeJob(draft, id, job => ({ ...job, closingAudits: [] }))
  else changeRound(draft, id, round, record => ({ ...record, audits: [] }))
}

/** What was refused is anchored nowhere, so what it was to pay for is made up anew. */
function onUnbonded(draft: Draft, id: JobId, call: LinkCall, account: string): void {
  if (call.audits.some(({ verifier }) => verifier === account)) {
    leaveUnbonded(draft, id, account)
    leaveUnbondedDoer(draft, id, account as Account)
    if (call.call === 'end') changeJob(draft, id, ({ closingAudits: _, ...rest }) => rest)
    else changeRound(draft, id, call.round, ({ audits: _, ...rest }) => rest)
  } else if (call.call === 'anchor') reopenUnbonded(draft, id, call.round, account)
  else reopenEnd(draft, id, account)
}
