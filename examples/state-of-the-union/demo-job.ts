/** The job on the demo's network, from the quote to the files: what `cairn submit`, `watch` and `download` do. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DownloadEvent,
  type Downloaded,
  download,
  EXIT,
  type Screen,
  submit,
  submitScreen,
  type WatchEvent,
  watchJob,
  watchScreen,
  withClient,
} from '@cairn/cli'
import type { JobStatus } from '@cairn/node'
import { CairnError } from '@cairn/primitives'
import type { Receipt } from '@cairn/protocol'
import type { DemoOptions } from './demo-options.ts'

/** What the parts of the demo share while it runs. */
export interface DemoRun {
  readonly screen: Screen
  readonly options: DemoOptions
  /** The network file. */
  readonly network: string
  readonly nameOf: (id: string) => string
  /** Aborted when the demo is over before its time. */
  readonly signal: AbortSignal
  /** Hears of the job as soon as it is submitted, and of none when it is over. */
  readonly onJob: (job: string | undefined) => void
}

const LOOK_EVERY_MS = 200
const PATIENCE_MS = 15_000

/** Waits until the coordinator has heard of every worker: how many there are decides how many copies a job pays for. */
function untilWorkersAreKnown({ network, options, signal }: DemoRun): Promise<void> {
  return withClient({ network }, async ({ client }) => {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until && !signal.aborted; await sleep(LOOK_EVERY_MS)) {
      const workers = (await client.nodes()).filter(({ role }) => role === 'worker')
      if (workers.length >= options.workers) return
    }
  })
}

/** Submits the job and returns its id. */
export async function submitDemoJob(run: DemoRun): Promise<string> {
  const { screen, options, network, nameOf, signal } = run
  await untilWorkersAreKnown(run)
  const show = submitScreen(screen)
  return submit(options.job, { key: 'submitter', network, wait: true, signal }, event =>
    show(event.kind === 'pinned' ? { ...event, peer: nameOf(event.peer) } : event),
  )
}

/** Who works on what, redrawn; and a line for every round that was evaluated. */
function progressScreen({ screen, nameOf }: DemoRun): (event: WatchEvent) => void {
  const draw = watchScreen(screen)
  const named = (status: JobStatus): JobStatus => ({
    ...status,
    units: status.units.map(unit => (unit.node === undefined ? unit : { ...unit, node: nameOf(unit.node) })),
  })
  return event => {
    if (event.event === 'status') draw({ ...event, status: named(event.status) })
    else if (event.event !== 'round' || event.round.evaluationBits !== undefined) draw(event)
  }
}

const downloadScreen =
  ({ status }: Screen) =>
  (event: DownloadEvent): void => {
    if (event.kind === 'settling') status('Every round is anchored on the chain; payments are being settled ...')
    else if (event.kind === 'fetching') status(`Fetching ${event.what} ...`)
  }

export type JobOutcome =
  | { readonly kind: 'finished'; readonly receipt: Receipt }
  | { readonly kind: 'failed'; readonly code: number; readonly reason: string }

const EVERY_MS = 500

/** Follows the job to its end and downloads what it came to. */
export function finishDemoJob(run: DemoRun, job: string): Promise<JobOutcome> {
  const { screen, options, network, signal } = run
  return withClient({ network }, async ({ client }): Promise<JobOutcome> => {
    const stop = {
      get requested() {
        return signal.aborted
      },
    }
    /** What ended it may be proven wrong meanwhile: then the job goes on. */
    const downloadAtEnd = async (): Promise<Downloaded> => {
      await watchJob(client, job, { everyMs: EVERY_MS, stop, onEvent: progressScreen(run) })
      try {
        return await download(client, job, options.out, downloadScreen(screen))
      } catch (error) {
        if (!(error instanceof CairnError) || error.code !== 'JobNotOver') throw error
        return downloadAtEnd()
      }
    }
    const { receipt, status } = await downloadAtEnd()
    screen.status('')
    if (receipt !== undefined) return { kind: 'finished', receipt }
    const code = status.status === 'diverged' ? EXIT.diverged : EXIT.disagreed
    return { kind: 'failed', code, reason: status.reason }
  })
}
