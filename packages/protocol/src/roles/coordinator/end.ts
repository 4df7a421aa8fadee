/** The end of a job: what is open or under way is void, what is committed will be paid, participants are told. */
import type { JobId } from '../../units.ts'
import { activeUnitsOf, changeJob, type Draft, isLive, jobOf, move, note } from './draft.ts'
import { addressOf, type JobOutcome } from './state.ts'

/** Ends a job once; what has ended before stays as it was. */
export function endJob(draft: Draft, id: JobId, outcome: JobOutcome, reason: string): void {
  const job = jobOf(draft, id)
  if (job === undefined || job.ended) return
  for (const record of activeUnitsOf(job))
    if (record.state === 'open' || record.state === 'leased') move(draft, record, { to: 'voided', reason })
  for (const record of activeUnitsOf(job))
    if (outcome !== 'finished' && record.state === 'committed' && record.outcome?.kind === 'diverged')
      move(draft, record, { to: 'settled', reason: `found where the job ends: ${reason}` })
  changeJob(draft, id, old => ({ ...old, ended: { outcome, reason } }))
  note(draft, `the job ${outcome === 'failed' ? 'failed' : `is ${outcome}`}: ${reason}`, { job: id })
  for (const peer of job.participants) if (isLive(draft, peer)) sendEnded(draft, id, peer)
}

/** Tells a node that a job is over. */
export function sendEnded(draft: Draft, id: JobId, peer: string): void {
  const ended = jobOf(draft, id)?.ended
  if (ended === undefined) return
  draft.effects.push({ effect: 'send', to: addressOf(draft.state, peer).peer, job: id, kind: 'ended', body: ended })
}
