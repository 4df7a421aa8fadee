/** Keeps a child process of `cairn up` running: starts it, and again when it dies, until it is stopped or dies too often. */
import { type Ready, startChild } from './child.ts'

export type ProcessEvent =
  | { readonly event: 'started'; readonly name: string; readonly pid: number }
  | { readonly event: 'up'; readonly name: string; readonly pid: number; readonly facts: Ready }
  | { readonly event: 'line'; readonly name: string; readonly text: string }
  | { readonly event: 'ended'; readonly name: string; readonly how: string; readonly againInMs?: number }
  | { readonly event: 'stopped'; readonly name: string }

export interface SuperviseOptions {
  readonly name: string
  /** Left out, the command itself. */
  readonly program?: string
  /** Arguments of `cairn`; asked for at every start. */
  readonly args: () => readonly string[]
  /** Whether to start it again when it dies. */
  readonly restart: boolean
  readonly onEvent: (event: ProcessEvent) => void
}

export interface Supervised {
  readonly name: string
  /** Settles when it is up for the first time; rejects with the child's own error when it cannot start. */
  readonly ready: Promise<Ready>
  /** Settles when it died and will not be started again. */
  readonly failed: Promise<Error>
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 500
/** So many deaths within so long are no accident. */
const MOST_DEATHS = 5
const DEATHS_WITHIN_MS = 120_000

/** Says how long to wait after each death; undefined after too many. */
function deathCounter(): () => number | undefined {
  const deaths: number[] = []
  return () => {
    const now = performance.now()
    deaths.push(now)
    while ((deaths[0] as number) < now - DEATHS_WITHIN_MS) deaths.shift()
    return deaths.length < MOST_DEATHS ? FIRST_PAUSE_MS * 2 ** (deaths.length - 1) : undefined
  }
}

/** Starts and watches a process. */
export function supervise({ name, program, args, restart, onEvent }: SuperviseOptions): Supervised {
  const [ready, failed] = [Promise.withResolvers<Ready>(), Promise.withResolvers<Error>()]
  const stopping = Promise.withResolvers<void>()
  const pauseAfterDeath = deathCounter()
  let [isStopping, wasUp] = [false, false]

  const launch = () => {
    const child = startChild({
      name,
      ...(program && { program }),
      args: args(),
      onLine: text => onEvent({ event: 'line', name, text }),
      onReady(facts) {
        wasUp = true
        onEvent({ event: 'up', name, pid: child.pid, facts })
        ready.resolve(facts)
      },
    })
    onEvent({ event: 'started', name, pid: child.pid })
    return child
  }
  const watch = async (): Promise<void> => {
    for (;;) {
      const { how, error } = await child.ended
      if (isStopping) return
      const againInMs = restart && wasUp ? pauseAfterDeath() : undefined
      onEvent({ event: 'ended', name, how, ...(againInMs !== undefined && { againInMs }) })
      if (againInMs === undefined) {
        ready.reject(error)
        return failed.resolve(error)
      }
      await Promise.race([stopping.promise, new Promise(resolve => setTimeout(resolve, againInMs))])
      if (isStopping) return
      child = launch()
    }
  }
  let child = launch()
  const watched = watch()
  ready.promise.catch(() => undefined) // whoever waits for it hears of it; nobody need
  return {
    name,
    ready: ready.promise,
    failed: failed.promise,
    async stop() {
      isStopping = true
      stopping.resolve()
      await child.end()
      await watched
      onEvent({ event: 'stopped', name })
    },
  }
}
