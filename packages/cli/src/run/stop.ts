/** Ctrl-C and its relatives: the first asks for a checkpoint and an orderly end, a later one ends at once. */
import { EXIT } from '../screen/errors.ts'

export interface StopRequest {
  readonly requested: boolean
  dispose(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A terminal and a launcher may both deliver the same Ctrl-C: what comes this soon is the same request. */
const SAME_REQUEST_MS = 1000

/** Listens for signals; `onRequest` is called once, when the first arrives. */
export function stopOnSignals(onRequest: () => void): StopRequest {
  let requestedAt: number | undefined
  const listener = () => {
    if (requestedAt === undefined) {
      requestedAt = performance.now()
      onRequest()
    } else if (performance.now() - requestedAt > SAME_REQUEST_MS) process.exit(EXIT.interrupted)
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
