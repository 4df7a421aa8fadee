/** Cancelling a job: no more rounds at once; what is still owed is settled, then the rest of the budget comes back. */
import { cancelJob, closeJob, type JobOnChain, listJobs, readJob } from '@cairn/contracts'
import type { TokenUnit } from './amounts.ts'
import { onlyJob } from './job-id.ts'
import type { KeyOptions } from './key-place.ts'
import { type OpenChain, openForWriting } from './open-chain.ts'
import { accepted } from './refusals.ts'

export type CancelEvent =
  | { readonly event: 'cancelled'; readonly job: string; readonly settlesBy: Date }
  | { readonly event: 'refunded'; readonly job: string; readonly refund: bigint; readonly paid: bigint }

export interface CancelOptions extends KeyOptions {
  /** Whether to wait for the refund. */
  readonly wait: boolean
}

const POLL_MS = 1000

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Waits until the coordinator has closed the job; after the window anybody may, so this does. */
async function untilClosed({ client }: OpenChain, id: JobOnChain['job']): Promise<JobOnChain> {
  for (;;) {
    const job = (await readJob(client, id)) as JobOnChain
    if (job.status === 'closed') return job
    if (job.cancelEndsAtSeconds * 1000 < Date.now()) await closeJob(client, id)
    await sleep(POLL_MS)
  }
}

/** Cancels a job, or goes on with what a cancelled one still needs, and tells what comes back. */
export async function cancel(
  prefix: string,
  options: CancelOptions,
  onEvent: (event: CancelEvent, token: TokenUnit) => void,
): Promise<void> {
  const open = await openForWriting(options)
  const { client, token } = open
  const { job, status } = onlyJob(await listJobs(client), prefix)
  if (status !== 'cancelled') accepted(await cancelJob(client, job), prefix)
  const { cancelEndsAtSeconds } = (await readJob(client, job)) as JobOnChain
  onEvent({ event: 'cancelled', job, settlesBy: new Date(cancelEndsAtSeconds * 1000) }, token)
  if (!options.wait) return
  const { terms, owed } = await untilClosed(open, job)
  onEvent({ event: 'refunded', job, refund: terms.budget - owed, paid: owed }, token)
}
