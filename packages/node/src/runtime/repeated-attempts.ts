/** Beginning jobs in the background: each by itself, a few at a time, and ever more rarely what does not succeed. */
import type { JobId } from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'
import type { JobView } from './chain-watch.ts'

export interface RepeatedAttempts {
  /** Begins a job unless that is under way, or failed a moment ago. */
  want(view: JobView): void
  /** Something has come that may make it succeed: the next attempt waits for nothing. */
  renew(job: JobId): void
}

interface Options {
  readonly begin: (view: JobView) => Promise<void>
  /** Whether there is anything to begin, asked before every attempt. */
  readonly isWanted: (view: JobView) => boolean
  readonly log: Logger
}

const MOST_AT_ONCE = 4
const FIRST_PAUSE_MS = 500
/** Jobs that are over are looked for ever more rarely without an end: nodes keep theirs for a day only. */
const LONGEST_PAUSE_MS = 30_000

export function repeatedAttempts({ begin, isWanted, log }: Options): RepeatedAttempts {
  const waiting = new Map<JobId, { readonly pauseMs: number; readonly nextMs: number }>()
  const underWay = new Set<JobId>()

  async function attempt(view: JobView): Promise<void> {
    const { job, status } = view
    underWay.add(job)
    try {
      await begin(view)
    } catch (error) {
      log.warn({ job, error: String(error) }, 'a job could not be begun; trying again')
    } finally {
      underWay.delete(job)
      const { pauseMs } = waiting.get(job) ?? { pauseMs: FIRST_PAUSE_MS }
      const longest = status === 'closed' ? Number.POSITIVE_INFINITY : LONGEST_PAUSE_MS
      waiting.set(job, { pauseMs: Math.min(longest, 2 * pauseMs), nextMs: Date.now() + pauseMs })
    }
  }

  return {
    want(view) {
      const isEarly = Date.now() < (waiting.get(view.job)?.nextMs ?? 0)
      if (isEarly || underWay.has(view.job) || underWay.size >= MOST_AT_ONCE || !isWanted(view)) return
      void attempt(view)
    },
    renew: job => void waiting.delete(job),
  }
}
