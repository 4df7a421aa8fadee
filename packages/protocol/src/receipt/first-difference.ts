/**
 * Finds where two JSON documents part.
 */
import type { KeyPath } from '../key-path.ts'

/** Returns the path of the first value that differs, keys in the order of `a` and then of `b`; undefined if none does. */
export function firstDifference(a: unknown, b: unknown): KeyPath | undefined {
  if (!isContainer(a) || !isContainer(b)) return Object.is(a, b) ? undefined : []
  const isList = Array.isArray(a)
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const rest = firstDifference(a[key], b[key])
    if (rest) return [isList ? Number(key) : key, ...rest]
  }
  return undefined
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
