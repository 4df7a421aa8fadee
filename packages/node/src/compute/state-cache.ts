/** States in memory, the ones used longest ago going first. One stays even if it alone is too large. */
import type { State } from '@cairn/training'

export interface StateCache {
  get(key: string): State | undefined
  put(key: string, state: State): void
}

const sizeOf = (state: State): number => [...state.values()].reduce((sum, bytes) => sum + bytes.length, 0)

export function createStateCache(maxBytes: number): StateCache {
  const states = new Map<string, State>()
  let total = 0
  const drop = (key: string) => {
    total -= sizeOf(states.get(key) ?? new Map())
    states.delete(key)
  }
  const put = (key: string, state: State) => {
    drop(key)
    states.set(key, state)
    total += sizeOf(state)
    for (const oldest of states.keys()) {
      if (total <= maxBytes || oldest === key) return
      drop(oldest)
    }
  }
  return {
    put,
    get(key) {
      const state = states.get(key)
      if (state !== undefined) put(key, state)
      return state
    },
  }
}
