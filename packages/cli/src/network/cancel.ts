/**
 * Cancelling a job: no more rounds at once; what is still owed is settled, then the rest of the budget comes back. All
 * that is the coordinator's business; but if it is gone, anybody may settle and close, so this does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CallResult,
  type ChainClient,
  cancelJob,
  closeJob,
  type JobOnChain,
  listJobs,
  type PendingEarnings,
  readEarnings,
  readJob,
  settleEarnings,
} from '@cairn/contracts'
import type { TokenUnit } from './amounts.ts'
import { onlyJob } from './job-id.ts'
import type { KeyOptions } from './key-place.ts'
import { openForWriting } from './open-chain.ts'
import { accepted } from './refusals.ts'

export type CancelEvent =
  | { readonly event: 'cancelled'; readonly job: string; readonly settlesBy: Date }
  /** The chain did not want to settle or close yet, and is asked again. */
  | { readonly event: 'refused'; readonly job: string; readonly reason: string }
  | { readonly event: 'refunded'; readonly job: string; readonly refund: bigint; readonly paid: bigint }

export interface CancelOptions extends KeyOptions {
  /** Whether to wait for the refund. */
  readonly wait: boolean
  /** How long the coordinator may take for what anybody may do. */
  readonly patienceMs?: number
}

type Step = 'settle' | 'close' | 'wait'

const POLL_MS = 1000
const PATIENCE_MS = 5000

/** Somebody else was faster, or the chain's clock is behind this one. */
const WAITING_HELPS = ['NothingPending', 'ChallengeWindowOpen', 'AssertionPending', 'NotClosable']

const CALLS: Readonly<
  Record<Exclude<Step, 'wait'>, (client: ChainClient, id: JobOnChain['job']) => Promise<CallResult>>
> = { settle: settleEarnings, close: closeJob }

/** Finds what anybody may do for a job that was cancelled, if anything. */
export function nextStep(
  { status, cancelEndsAtSeconds }: Pick<JobOnChain, 'status' | 'cancelEndsAtSeconds'>,
  pending: Pick<PendingEarnings, 'settlesAtSeconds'> | undefined,
  nowMs: number,
): Step {
  if (pending !== undefined) return nowMs >= pending.settlesAtSeconds * 1000 ? 'settle' : 'wait'
  const isOver = status === 'final' || (status === 'cancelled' && nowMs > cancelEndsAtSeconds * 1000)
  return isOver ? 'close' : 'wait'
}

interface Waiting {
  readonly client: ChainClient
  readonly id: JobOnChain['job']
  readonly patienceMs: number
  readonly onRefused: (reason: string) => void
}

/** Makes a step. Throws `InputError` when it is refused and waiting would not help. */
async function take({ client, id, onRefused }: Waiting, step: Exclude<Step, 'wait'>): Promise<void> {
  const result = await CALLS[step](client, id)
  if (!result.ok && WAITING_HELPS.includes(result.code)) onRefused(result.reason)
  else accepted(result, id)
}

/** Waits until the job is closed; what the coordinator leaves undone for too long is done here. */
async function untilClosed(waiting: Waiting): Promise<JobOnChain> {
  const { client, id, patienceMs } = waiting
  let [last, sinceMs]: [Step, number] = ['wait', 0]
  for (;;) {
    const [job, { pending }] = [(await readJob(client, id)) as JobOnChain, await readEarnings(client, id)]
    if (job.status === 'closed') return job
    const step = nextStep(job, pending, Date.now())
    if (step !== last) [last, sinceMs] = [step, Date.now()]
    if (step !== 'wait' && Date.now() - sinceMs >= patienceMs) await take(waiting, step)
    await sleep(POLL_MS)
  }
}

/** A job that is final was cancelled or has finished; only the first has a time by which it had to be settled. */
const wasCancelled = ({ status, cancelEndsAtSeconds }: JobOnChain): boolean =>
  status !== 'closed' && cancelEndsAtSeconds > 0

/** Cancels a job, or goes on with what a cancelled one still needs, and tells what comes back. */
export async function cancel(
  prefix: string,
  options: CancelOptions,
  onEvent: (event: CancelEvent, token: TokenUnit) => void,
): Promise<void> {
  const { client, token } = await openForWriting(options)
  const found = onlyJob(await listJobs(client), prefix)
  const { job } = found
  if (!wasCancelled(found)) accepted(await cancelJob(client, job), prefix)
  const { cancelEndsAtSeconds } = (await readJob(client, job)) as JobOnChain
  onEvent({ event: 'cancelled', job, settlesBy: new Date(cancelEndsAtSeconds * 1000) }, token)
  if (!options.wait) return
  const onRefused = (reason: string): void => onEvent({ event: 'refused', job, reason }, token)
  const { patienceMs = PATIENCE_MS } = options
  const { terms, owed } = await untilClosed({ client, id: job, patienceMs, onRefused })
  onEvent({ event: 'refunded', job, refund: terms.budget - owed, paid: owed }, token)
}
