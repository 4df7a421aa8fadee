/** Lets go, now and then, of what a verifier needs no more: blobs of jobs that are over, orders that came to nothing while it was away. */
import { createCollector, noteEnd, pinnedJobs, releaseEnded } from './retention.ts'
import { forgetTask, taskKeys } from './verifier-records.ts'
import type { VerifierParts } from './verifier-sources.ts'

const SWEEP_MS = 3600 * 1000

/** Begins to sweep. `open` are the orders that are under way. Returns what ends it. */
export function verifierSweeper(parts: VerifierParts, open: ReadonlyMap<string, unknown>): () => void {
  const { storage, blobs, chain, log } = parts
  const collect = createCollector(storage, blobs)

  async function sweep(): Promise<void> {
    for (const job of pinnedJobs(storage)) if (chain.job(job)?.status === 'closed') noteEnd(storage, job, Date.now())
    for (const key of taskKeys(storage)) if (!open.has(key)) forgetTask(storage, key)
    releaseEnded(storage, Date.now())
    await collect(Date.now())
  }

  const timer = setInterval(() => {
    sweep().catch(error => log.warn({ error: String(error) }, 'old blobs could not be let go'))
  }, SWEEP_MS)
  return () => clearInterval(timer)
}
