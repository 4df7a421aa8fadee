/** Random choices from one 32-bit seed, so that a step of a sequence can be told, repeated and shrunk. */
import { philox4x32, uniformBelow } from '@cairn/primitives'

export interface Draw {
  /** An integer from 0 up to, not including, `bound`. */
  below(bound: number): number
  /** True so many times in a hundred. */
  chance(percent: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** 64 hex digits. */
  hash(): string
}

/** Second word of the Philox key, "call" in ASCII. */
const CALL_STREAM = 0x63616c6c

export function drawsFrom(seed: number): Draw {
  let counter = 0
  const word = () => philox4x32([counter++, 0, 0, 0], [seed, CALL_STREAM])[0]
  const below = (bound: number) => uniformBelow(word(), bound)
  return {
    below,
    chance: percent => below(100) < percent,
    pick: items => items[below(items.length)]!,
    hash: () => Array.from({ length: 8 }, () => word().toString(16).padStart(8, '0')).join(''),
  }
}
