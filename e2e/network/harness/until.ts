/** Waiting for what others do: asked again and again, for as long as it takes them. Never a mere pause. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CairnError } from '@cairn/primitives'

/** Below the rate that a coordinator answers one asker at. */
const POLL_MS = 150
/** Nothing here takes so long on any machine; what does is broken, and is told with what was seen last. */
const LONGEST_MS = 150_000

/** A coordinator or a chain that is away for a while: tests take them away. */
const isAway = (error: unknown): boolean =>
  error instanceof CairnError && ['NoCoordinator', 'ChainUnreachable', 'UnknownJob'].includes(error.code)

/** Reads until something is there and returns it. `what` names it in the error of a wait in vain. */
export async function until<T>(what: string, read: () => Promise<T | undefined>, seen?: () => unknown): Promise<T> {
  const deadline = performance.now() + LONGEST_MS
  for (;;) {
    const found = await read().catch(error => {
      if (!isAway(error) || performance.now() > deadline) throw error
      return undefined
    })
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}; last seen: ${shown(seen?.())}`)
    await sleep(POLL_MS)
  }
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v), 1) ?? 'nothing'
