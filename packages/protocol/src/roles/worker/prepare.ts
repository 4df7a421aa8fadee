/** A job's document, program and data: fetched, checked and compiled once before anything else. */
import type { PeerAddress } from '../../messages.ts'
import type { JobId } from '../../units.ts'
import { changeJob, type Draft, jobOf, note } from './draft.ts'

/** Tells whether a job is prepared; sees to it that it will be. */
export function ensurePrepared(draft: Draft, id: JobId, peers: readonly PeerAddress[]): boolean {
  const job = jobOf(draft, id)
  if (job === undefined || job.prepared === 'under way') return false
  if (job.prepared === 'yes') return true
  if (job.prepared !== 'no' && draft.nowMs < job.prepared.retryMs) return false
  changeJob(draft, id, old => ({ ...old, prepared: 'under way' }))
  draft.effects.push({ effect: 'prepare', job: id, document: job.document, peers })
  return false
}

export function onPrepared(draft: Draft, id: JobId, ok: boolean, reason: string, isSealed = false): void {
  const retryMs = draft.nowMs + draft.state.settings.retryMs
  changeJob(draft, id, job => ({ ...job, isSealed, prepared: ok ? 'yes' : { retryMs } }))
  if (!ok) note(draft, `the job cannot be prepared yet: ${reason}`, { job: id })
}
