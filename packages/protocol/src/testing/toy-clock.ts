/** Virtual time: what is to happen, in its order. */
interface Queued {
  readonly atMs: number
  readonly run: () => void
}

export interface ToyClock {
  now(): number
  /** Runs something after so many milliseconds; at one time in the order in which it was asked for. */
  later(ms: number, run: () => void): void
  /** Runs what is due until nothing is left, the condition holds or the time is over. */
  runUntil(isDone: () => boolean, longestMs: number): void
}

export function toyClock(): ToyClock {
  const queue: Queued[] = []
  let nowMs = 0
  return {
    now: () => nowMs,
    later(ms, run) {
      const atMs = nowMs + ms
      const at = queue.findIndex(q => q.atMs > atMs)
      queue.splice(at < 0 ? queue.length : at, 0, { atMs, run })
    },
    runUntil(isDone, longestMs) {
      while (queue.length > 0 && nowMs < longestMs && !isDone()) {
        const next = queue.shift() as Queued
        nowMs = next.atMs
        next.run()
      }
    },
  }
}
