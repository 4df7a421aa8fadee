/** Ctrl-C and its relatives: the first asks for an orderly end, a later one ends at once. */

export interface StopRequest {
  readonly requested: boolean
  dispose(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type StopSignal = (typeof SIGNALS)[number]

/** The exit code of a program that Ctrl-C ended, as shells have it: 128 and the number of SIGINT. */
export const INTERRUPTED = 130

/** A terminal and a launcher may both deliver the same Ctrl-C: what comes this soon is the same request. */
const SAME_REQUEST_MS = 1000

/** Listens for signals; `onRequest` is called once, when the first arrives. */
export function stopOnSignals(onRequest: (signal: StopSignal) => void): StopRequest {
  let requestedAt: number | undefined
  const listener = (signal: NodeJS.Signals) => {
    if (requestedAt === undefined) {
      requestedAt = performance.now()
      onRequest(signal as StopSignal)
    } else if (performance.now() - requestedAt > SAME_REQUEST_MS) process.exit(INTERRUPTED)
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return {
    get requested() {
      return requestedAt !== undefined
    },
    dispose() {
      for (const signal of SIGNALS) process.off(signal, listener)
    },
  }
}
