/**
 * Quantisation across rows that lie side by side in memory: the eight rows of a panel are two vectors, so lanes are
 * rows throughout. A pass for the scales, then a pass for pairs of mantissas.
 */
import { BLOCK } from '../../tensor-type.ts'
import { MANTISSA_OFFSET, PAIR_BYTES, PAIRS } from './panels.ts'
import { emitBlocks, emitMagnitude, emitScales, type PanelEmission, pushPairs, pushVector } from './quantise-pieces.ts'

/** One block of `count` elements of a panel of which `rows` rows exist; `from` is the address of its first element. */
function emitBlock(e: PanelEmission, from: number, block: number, rows: number, count: number): void {
  const { c, view } = e
  const step = 4 * view.stride
  const [at, counter, pairs] = [c.local('i32'), c.local('i32'), c.local('i32')]
  const halves = [0, 1].map(half => ({ half, magnitude: c.local('v128'), inverse: c.local('v128') }))
  for (const { magnitude } of halves) c.splat(0).set(magnitude)
  c.get(from).set(at).i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(count),
    1,
    () => {
      for (const { half, magnitude } of halves) {
        pushVector(c, at, 16 * half, rows - 4 * half)
        emitMagnitude(e, magnitude)
      }
      c.get(at).i32(step).op('i32.add').set(at)
    },
  )
  for (const { half, magnitude, inverse } of halves) emitScales(e, magnitude, block, 16 * half, inverse)
  const second = c.local('i32')
  /** Pairs whose elements exist up to `parts` (1 or 2). */
  const emitPairs = (until: number, parts: number) =>
    c.while(
      counter,
      () => c.i32(until),
      1,
      () => {
        c.get(at)
          .i32(step * PAIRS)
          .op('i32.add')
          .set(second)
        for (const { half, inverse } of halves) {
          c.get(pairs)
          pushPairs(e, inverse, part =>
            pushVector(c, part === 0 ? at : second, 16 * half, part < parts ? rows - 4 * half : 0),
          )
          c.store('v128.store', MANTISSA_OFFSET + 16 * half)
        }
        c.get(at).i32(step).op('i32.add').set(at).get(pairs).i32(PAIR_BYTES).op('i32.add').set(pairs)
      },
    )
  c.get(from).set(at).get(block).set(pairs).i32(0).set(counter)
  emitPairs(Math.max(0, count - PAIRS), 2)
  if (count < BLOCK) emitPairs(Math.min(count, PAIRS), 1)
  if (count < PAIRS) emitPairs(PAIRS, 0)
}

/** One panel, of which `rows` rows exist. */
export function emitColumnsPanel(e: PanelEmission, rows: number): void {
  const { c, view, source, panel } = e
  const [from, block] = [c.local('i32'), c.local('i32')]
  const step = () =>
    c
      .get(from)
      .i32(4 * view.stride * BLOCK)
      .op('i32.add')
      .set(from)
  c.get(source).set(from).get(panel).set(block)
  emitBlocks(e, block, step, count => emitBlock(e, from, block, rows, count))
}
