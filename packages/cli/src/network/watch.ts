/** Follows a job until it is over: asks again and again, and tells what changed. A coordinator that is away is waited for. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobStatus, NetworkClient, RoundSummary, UnitSummary } from '@cairn/node'
import { CairnError } from '@cairn/primitives'

export type WatchEvent =
  /** As often as the job was asked about. */
  | { readonly event: 'status'; readonly status: JobStatus }
  /** A round is complete. */
  | { readonly event: 'round'; readonly round: RoundSummary; readonly status: JobStatus }
  /** The state of a unit changed. */
  | { readonly event: 'unit'; readonly unit: UnitSummary }
  /** The answer is late, and why. */
  | { readonly event: 'away'; readonly reason: string }

export interface WatchOptions {
  readonly everyMs: number
  readonly stop: { readonly requested: boolean }
  readonly onEvent: (event: WatchEvent) => void
}

const isAway = (error: unknown): error is CairnError => error instanceof CairnError && error.code === 'NoCoordinator'

const unitKey = ({ kind, round, replica }: UnitSummary): string => `${kind}/${round}/${replica}`

/** A round is told of once, with its evaluation: that comes after the root, and before the anchor. */
const isComplete = ({ round, globalRoot, evaluationBits }: RoundSummary, { anchored, status }: JobStatus): boolean =>
  globalRoot !== undefined && (round < anchored || evaluationBits !== undefined || status !== 'running')

/** Finds what changed since it was last asked. */
function changeFinder(onEvent: WatchOptions['onEvent']): (status: JobStatus) => void {
  const states = new Map<string, string>()
  let roundsTold = 0
  return status => {
    for (const unit of status.units) {
      const state = `${unit.state} ${unit.node ?? ''}`
      if (states.get(unitKey(unit)) !== state) onEvent({ event: 'unit', unit })
      states.set(unitKey(unit), state)
    }
    for (const round of status.history.slice(roundsTold)) {
      if (!isComplete(round, status)) break
      roundsTold++
      onEvent({ event: 'round', round, status })
    }
    onEvent({ event: 'status', status })
  }
}

/** One that left the domain goes on where that is proven wrong, until its chain is closed and paid. */
const isOver = ({ status, isClosed }: JobStatus): boolean => (status === 'diverged' ? isClosed : status !== 'running')

/** Watches a job; returns its last status, or undefined when it was stopped before there was one. */
export async function watchJob(
  client: NetworkClient,
  prefix: string,
  { everyMs, stop, onEvent }: WatchOptions,
): Promise<JobStatus | undefined> {
  const tell = changeFinder(onEvent)
  let last: JobStatus | undefined
  while (!stop.requested) {
    try {
      last = await client.job(last?.job ?? prefix)
      tell(last)
      if (isOver(last)) return last
    } catch (error) {
      if (!isAway(error) || last === undefined) throw error
      onEvent({ event: 'away', reason: error.found ?? error.message })
    }
    await sleep(everyMs)
  }
  return last
}
