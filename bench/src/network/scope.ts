/** What a case starts, a scope ends: when the case is done, when it fails, and when a person presses Ctrl-C. */

type End = () => unknown

export interface Scope {
  /** Remembers how to end something that was just started; the last one started is ended first. */
  readonly add: (end: End) => void
  readonly close: () => Promise<void>
}

/** Opens a scope. What fails to end keeps nothing else from it. */
export function openScope(): Scope {
  const ends: End[] = []
  return {
    add: end => void ends.push(end),
    async close() {
      for (let end = ends.pop(); end !== undefined; end = ends.pop())
        try {
          await end()
        } catch (error) {
          console.error(error)
        }
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const INTERRUPTED = 130

/** Runs `work` with a scope that is closed however it ends; a signal closes it and ends the process. */
export async function inScope<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = openScope()
  let interrupted: Promise<never> | undefined
  const interrupt = (): void => {
    interrupted ??= scope.close().then(() => process.exit(INTERRUPTED))
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    return await work(scope)
  } catch (error) {
    await interrupted // what fails while everything is being ended is no news
    throw error
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
    await scope.close()
  }
}
