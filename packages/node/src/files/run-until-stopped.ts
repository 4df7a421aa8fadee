/**
 * Keeps a long-lived process up until it is asked to end, then ends it in an orderly way, and at a deadline in any way.
 * It is called once in a process, by what owns the process.
 */
import { INTERRUPTED, type StopSignal, stopOnSignals } from './stop-signals.ts'

/** What asked a process to end; `disconnect`: the parent that forked it is gone. */
export type StopReason = StopSignal | 'disconnect'

export interface Service {
  /** Ends orderly: says goodbye, closes what is open. Called once. */
  stop(reason: StopReason): Promise<void>
}

export interface StopOptions {
  /** How long the process may live on after it was asked to end. */
  readonly deadlineMs?: number
  /** Shows a line to whoever watches. */
  readonly say?: (text: string) => void
}

const DEADLINE_MS = 15_000

const sayOnScreen = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

interface Stop {
  readonly reason: Promise<StopReason>
  dispose(): void
}

function awaitStop(): Stop {
  const { promise, resolve } = Promise.withResolvers<StopReason>()
  const onDisconnect = () => resolve('disconnect')
  const signals = stopOnSignals(resolve)
  process.on('disconnect', onDisconnect)
  if (process.connected === false) onDisconnect() // the parent was gone before anybody listened
  return {
    reason: promise,
    dispose() {
      signals.dispose()
      process.off('disconnect', onDisconnect)
    },
  }
}

/**
 * Ends the process at the deadline. The timer keeps nothing up by itself, and is never cleared: a socket that was left
 * open after `stop` would keep the process up just as well as a `stop` that hangs.
 */
function quitLater(deadlineMs: number, say: (text: string) => void): void {
  const quit = () => {
    say(`Not stopped within ${deadlineMs / 1000} s; quitting anyway. The next start takes up what was saved.`)
    process.exit(INTERRUPTED)
  }
  setTimeout(quit, deadlineMs).unref()
}

/**
 * Waits for SIGINT, SIGTERM, SIGHUP or the end of the parent, then until the service has stopped. A second signal ends
 * the process at once, and so does the deadline. Throws what `stop` throws.
 */
export async function runUntilStopped(service: Service, options: StopOptions = {}): Promise<void> {
  const { deadlineMs = DEADLINE_MS, say = sayOnScreen } = options
  const up = setInterval(() => undefined, 2 ** 30) // listening for signals alone keeps no process up
  const stop = awaitStop()
  try {
    const reason = await stop.reason
    quitLater(deadlineMs, say)
    await service.stop(reason)
  } finally {
    clearInterval(up)
    stop.dispose()
  }
}
