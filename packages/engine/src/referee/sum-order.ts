/**
 * The order of sums (SPEC: N3) as numbered partial results, each found without a loop over those before it.
 *
 * Numbers go chunk after chunk of up to 4,096 values: first one partial for each value, its lane + the value (a lane
 * begins at +0), then the 31 sums of the lane tree, the last of which is the chunk's result. Where there is more than
 * one chunk, their results are the values of a next *level*, whose partials follow in the same way. The last partial of
 * all is the sum. Not here: where values come from, and adding.
 */
import { CHUNK, LANES } from '../backend/reference/reduction.ts'

/** Sums of the tree over a chunk's lanes. */
const TREE = LANES - 1
const FULL_CHUNK = CHUNK + TREE

/** What a partial adds: +0, an earlier partial, or one of the values that are summed. */
export type SumOperand =
  | { readonly kind: 'zero' }
  | { readonly kind: 'partial'; readonly partial: number }
  | { readonly kind: 'value'; readonly value: number }

interface Level {
  /** Number of its first partial. */
  readonly first: number
  /** Values that it sums. */
  readonly count: number
}

const zero: SumOperand = { kind: 'zero' }
const partial = (number: number): SumOperand => ({ kind: 'partial', partial: number })
const chunksOf = (count: number) => Math.ceil(count / CHUNK)
const partialsOfLevel = (count: number) => count + TREE * chunksOf(count)

function levelsOf(count: number): readonly Level[] {
  const levels = [{ first: 0, count }]
  for (let last = levels[0] as Level; last.count > CHUNK; last = levels.at(-1) as Level) {
    levels.push({ first: last.first + partialsOfLevel(last.count), count: chunksOf(last.count) })
  }
  return levels
}

/** Returns how many partials the sum of `count` values has. */
export function sumPartialCount(count: number): number {
  const last = levelsOf(count).at(-1) as Level
  return last.first + partialsOfLevel(last.count)
}

const chunkLength = ({ count }: Level, chunk: number) => Math.min(CHUNK, count - CHUNK * chunk)

/** The partial that is a chunk's result. */
const chunkResult = (level: Level, chunk: number) =>
  level.first + FULL_CHUNK * chunk + chunkLength(level, chunk) + TREE - 1

/** A lane when all values of its chunk are in it. */
function laneEnd(first: number, length: number, lane: number): SumOperand {
  return lane < length ? partial(first + lane + LANES * Math.floor((length - 1 - lane) / LANES)) : zero
}

/** Operands of sum `step` of the tree, which pairs lanes (j, j + half) for half = 16, 8, 4, 2, 1. */
function treeOperands(first: number, length: number, step: number): readonly [SumOperand, SumOperand] {
  const half = 2 ** (31 - Math.clz32(TREE - step))
  const lane = step - (LANES - 2 * half)
  if (2 * half === LANES) return [laneEnd(first, length, lane), laneEnd(first, length, lane + half)]
  // The lanes as the sums before left them; those of twice this half began at step 32 - 4 half.
  const before = first + length + LANES - 4 * half + lane
  return [partial(before), partial(before + half)]
}

/** Returns the two operands of partial `q` of the sum of `count` values. */
export function sumOperands(count: number, q: number): readonly [SumOperand, SumOperand] {
  const levels = levelsOf(count)
  const depth = levels.findLastIndex(({ first }) => first <= q)
  const level = levels[depth] as Level
  const chunk = Math.floor((q - level.first) / FULL_CHUNK)
  const first = level.first + FULL_CHUNK * chunk
  const [length, within] = [chunkLength(level, chunk), q - first]
  if (within >= length) return treeOperands(first, length, within - length)
  const value = CHUNK * chunk + within
  const below = levels[depth - 1]
  return [
    within < LANES ? zero : partial(q - LANES),
    below === undefined ? { kind: 'value', value } : partial(chunkResult(below, value)),
  ]
}
