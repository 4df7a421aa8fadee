/** States by root in memory, the ones used longest ago going first. One stays even if it alone is too large. */
import type { HashHex } from '@cairn/primitives'
import type { State } from '@cairn/training'

export interface StateCache {
  get(root: HashHex): State | undefined
  put(root: HashHex, state: State): void
}

const sizeOf = (state: State): number => [...state.values()].reduce((sum, bytes) => sum + bytes.length, 0)

export function createStateCache(maxBytes: number): StateCache {
  const states = new Map<HashHex, State>()
  let total = 0
  const drop = (root: HashHex) => {
    total -= sizeOf(states.get(root) ?? new Map())
    states.delete(root)
  }
  const put = (root: HashHex, state: State) => {
    drop(root)
    states.set(root, state)
    total += sizeOf(state)
    for (const oldest of states.keys()) {
      if (total <= maxBytes || oldest === root) return
      drop(oldest)
    }
  }
  return {
    put,
    get(root) {
      const state = states.get(root)
      if (state !== undefined) put(root, state)
      return state
    },
  }
}
