/**
 * The end of a job. What is open or under way is void; what was done in the anchored rounds, and in the one in which the
 * job was cut short, is paid. SPEC: docs/spec/network.md "End and money".
 */
import type { JobId } from '../../units.ts'
import { evaluationOf } from '../unit-machine.ts'
import { activeUnitsOf, changeJob, type Draft, isLive, jobOf, move, note } from './draft.ts'
import { signaturesOf } from './outer-signatures.ts'
import { addressOf, type Ending, type JobOutcome } from './state.ts'

/** Ends a job once; what has ended before stays as it was. */
export function endJob(draft: Draft, id: JobId, outcome: JobOutcome, reason: string): void {
  const job = jobOf(draft, id)
  if (job === undefined || job.ended) return
  voidFrom(draft, id, 0, reason)
  if (outcome !== 'finished') voidRest(draft, id)
  changeJob(draft, id, old => ({ ...old, ended: { outcome, reason } }))
  note(draft, `the job ${outcome === 'failed' ? 'failed' : `is ${outcome}`}: ${reason}`, { job: id })
  for (const peer of job.participants) if (isLive(draft, peer)) sendEnded(draft, id, peer)
}

/**
 * Ends a job when the rounds before one are anchored: what was done in them is owed only then. Their evaluations may
 * still be under way.
 */
export function endAfter(draft: Draft, id: JobId, ending: Ending): void {
  const job = jobOf(draft, id)
  if (job === undefined || job.ended || (job.ending?.round ?? Number.POSITIVE_INFINITY) <= ending.round) return
  voidFrom(draft, id, ending.round, ending.reason)
  changeJob(draft, id, old => ({ ...old, ending }))
  note(draft, `the job ends after round ${ending.round}: ${ending.reason}`, { job: id, round: ending.round })
  endWhenAnchored(draft, id)
}

export function endWhenAnchored(draft: Draft, id: JobId): void {
  const { ending, chain, rounds } = jobOf(draft, id) ?? {}
  if (ending === undefined || chain === undefined || chain.anchored < ending.round) return
  const cut = rounds?.[ending.round]
  // That a state's evaluation left the domain is of interest only where somebody answers for the state.
  const isAnswered = cut?.globalRoot === undefined || signaturesOf(cut).length > 0
  if (isAnswered) endJob(draft, id, ending.outcome, ending.reason)
}

function voidFrom(draft: Draft, id: JobId, round: number, reason: string): void {
  const job = jobOf(draft, id)
  for (const record of job === undefined ? [] : activeUnitsOf(job))
    if (record.unit.round >= round && (record.state === 'open' || record.state === 'leased'))
      move(draft, record, { to: 'voided', reason })
}

/** Work of the round in which a job was cut short is paid too, with the link that closes the chain; nothing after it is. */
function voidRest(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  const cut = job.chain.anchored
  for (const record of activeUnitsOf(job)) {
    const isClosing = record.unit.kind === 'train' || evaluationOf(record)?.evaluation.diverged !== undefined
    const isPaid = record.unit.round === cut && isClosing
    if (record.state === 'committed' && !isPaid)
      move(draft, record, { to: 'voided', reason: `the job ended in round ${cut}` })
  }
}

/** Tells a node that a job is over. */
export function sendEnded(draft: Draft, id: JobId, peer: string): void {
  const ended = jobOf(draft, id)?.ended
  if (ended === undefined) return
  draft.effects.push({ effect: 'send', to: addressOf(draft.state, peer).peer, job: id, kind: 'ended', body: ended })
}
