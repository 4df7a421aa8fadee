/** Wishes of submitters, who are strangers: what of them a worker follows. */
import type { HashHex } from '@cairn/primitives'
import type { JobId, MessageBodies, Pin } from '@cairn/protocol'
import type { WorkerParts } from './parts.ts'
import { obtainDocument } from './prepare-job.ts'

/** SAFETY: of one job, looked into at a time. Whoever is not heard says it again. */
const MOST_OF_JOB = 8

/**
 * Makes what turns a request into a pin; undefined when it is not followed. SAFETY: anybody may ask, so only what the
 * chain names as the job's document is fetched, only what that document names is pinned, whatever the message says, and
 * nobody says where others can be reached.
 */
export function pinRequests(parts: WorkerParts) {
  const underWay = new Set<string>()

  function begin(name: string, job: JobId): boolean {
    const ofJob = [...underWay].filter(other => other.startsWith(job))
    if (underWay.has(name) || ofJob.length >= MOST_OF_JOB || parts.chain.job(job)?.status === 'closed') return false
    underWay.add(name)
    return true
  }

  return async (
    { document, sources: given }: MessageBodies['pin'],
    submitter: string,
    job: JobId,
  ): Promise<Pin | undefined> => {
    const name = `${job}/${submitter}`
    if (!begin(name, job)) return undefined
    try {
      const sources = given.filter(({ peer }) => peer === submitter)
      const obtained = await obtainDocument(parts, job, document, sources)
      if (!obtained.ok) {
        parts.log.info({ job, reason: obtained.reason }, 'a pin was not followed')
        return undefined
      }
      const roots = [document, ...(Object.values(obtained.document.blobs) as HashHex[])]
      return { job, submitter, document, roots, sources }
    } finally {
      underWay.delete(name)
    }
  }
}
