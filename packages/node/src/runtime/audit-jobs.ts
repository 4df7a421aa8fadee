/**
 * How many checkpoints jobs have, which draws of audits depend on: their documents say it, and those are fetched from whoever
 * has them, in the background and ever again.
 */
import type { JobDocument, JobId } from '@cairn/protocol'
import type { LivePeers } from './live-peers.ts'
import { obtainDocument, type PreparingParts } from './prepare-job.ts'

export interface AuditJobsOptions {
  readonly parts: Omit<PreparingParts, 'compute'>
  readonly peers: Pick<LivePeers, 'list'>
  /** A document that this node has by another way. */
  readonly find?: (job: JobId) => JobDocument | undefined
  /** One more is known. */
  readonly onFound: () => void
}

const PAUSE_MS = 5_000

/** Makes what looks up a job's checkpoints; undefined while its document is not here. */
export function auditJobs({ parts, peers, find, onFound }: AuditJobsOptions): (job: JobId) => number | undefined {
  const known = new Map<JobId, number>()
  const nextMs = new Map<JobId, number>()

  function learn(job: JobId, { spec }: JobDocument): number {
    known.set(job, spec.schedule.checkpoints)
    nextMs.delete(job)
    return spec.schedule.checkpoints
  }

  async function lookUp(job: JobId): Promise<void> {
    const id = parts.chain.job(job)?.terms.document
    const obtained = id && (await obtainDocument(parts, job, id, peers.list()))
    nextMs.set(job, Date.now() + PAUSE_MS)
    if (!obtained?.ok) return
    learn(job, obtained.document)
    onFound()
  }

  return job => {
    const checkpoints = known.get(job)
    if (checkpoints !== undefined) return checkpoints
    const document = find?.(job)
    if (document !== undefined) return learn(job, document)
    if (Date.now() < (nextMs.get(job) ?? 0)) return undefined
    nextMs.set(job, Number.POSITIVE_INFINITY)
    lookUp(job).catch(() => nextMs.set(job, Date.now() + PAUSE_MS))
    return undefined
  }
}
