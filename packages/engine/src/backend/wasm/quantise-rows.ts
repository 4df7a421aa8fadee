/**
 * Quantisation along rows that are contiguous in memory: four rows at a time, a pass for their scales and a pass for
 * their mantissas (which finds the values in the first-level cache), transposed into the panel in registers.
 */
import { BLOCK } from '../../tensor-type.ts'
import type { Code } from './assembler.ts'
import { MANTISSA_OFFSET, PAIR_BYTES, PAIRS } from './panels.ts'
import { emitBlocks, emitMagnitude, emitScales, type PanelEmission, pushPairs, pushVector } from './quantise-pieces.ts'

const ROWS = 4

const words = (lanes: readonly number[]) => lanes.flatMap(lane => [0, 1, 2, 3].map(byte => 4 * lane + byte))
const LOW_WORDS = words([0, 4, 1, 5])
const HIGH_WORDS = words([2, 6, 3, 7])
const LOW_HALVES = words([0, 1, 4, 5])
const HIGH_HALVES = words([2, 3, 6, 7])

/** Transposes four vectors of four words in place. */
function emitTranspose(c: Code, [a, b, x, y]: readonly [number, number, number, number]): void {
  const [lowAB, highAB] = [c.local('v128'), c.local('v128')]
  c.get(a).get(b).shuffle(LOW_WORDS).set(lowAB).get(a).get(b).shuffle(HIGH_WORDS).set(highAB)
  const [lowXY, highXY] = [c.local('v128'), c.local('v128')]
  c.get(x).get(y).shuffle(LOW_WORDS).set(lowXY).get(x).get(y).shuffle(HIGH_WORDS).set(highXY)
  c.get(lowAB).get(lowXY).shuffle(LOW_HALVES).set(a).get(lowAB).get(lowXY).shuffle(HIGH_HALVES).set(b)
  c.get(highAB).get(highXY).shuffle(LOW_HALVES).set(x).get(highAB).get(highXY).shuffle(HIGH_HALVES).set(y)
}

type Four = readonly [number, number, number, number]
const four = (make: (n: number) => number): Four => [make(0), make(1), make(2), make(3)]

/** One block of four rows, of which `rows` exist; `at` are the rows' addresses, `half` which half of the panel. */
function emitBlock(e: PanelEmission, at: Four, block: number, half: number, rows: number, count: number): void {
  const { c } = e
  const pushValues = (row: number, vector: number) =>
    pushVector(c, at[row] as number, 16 * vector, row < rows ? count - 4 * vector : 0)
  const magnitudes = four(() => c.local('v128'))
  magnitudes.forEach((magnitude, row) => {
    c.splat(0).set(magnitude)
    for (let vector = 0; row < rows && 4 * vector < count; vector++) {
      pushValues(row, vector)
      emitMagnitude(e, magnitude)
    }
  })
  emitTranspose(c, magnitudes)
  const [largest, inverses] = [magnitudes[0], c.local('v128')]
  for (const other of magnitudes.slice(1)) c.get(largest).get(other).simd('i32x4.max_u').set(largest)
  emitScales(e, largest, block, 16 * half, inverses)
  const inverse = four(() => c.local('v128'))
  inverse.forEach((local, row) =>
    c
      .get(inverses)
      .get(inverses)
      .shuffle(words([row, row, row, row]))
      .set(local),
  )
  const pairs = four(() => c.local('v128'))
  for (let vector = 0; vector < PAIRS / 4; vector++) {
    pairs.forEach((local, row) => {
      pushPairs(e, inverse[row] as number, part => pushValues(row, vector + (part * PAIRS) / 4))
      c.set(local)
    })
    emitTranspose(c, pairs)
    pairs.forEach((local, n) =>
      c
        .get(block)
        .get(local)
        .store('v128.store', MANTISSA_OFFSET + (4 * vector + n) * PAIR_BYTES + 16 * half),
    )
  }
}

/** One panel, of which `rows` rows exist. */
export function emitRowsPanel(e: PanelEmission, rows: number): void {
  const { c, view, source, panel } = e
  const [block, at] = [c.local('i32'), four(() => c.local('i32'))]
  for (const half of [0, 1]) {
    c.get(panel).set(block)
    at.forEach((address, row) =>
      c
        .get(source)
        .i32(4 * view.rowStride * (ROWS * half + row))
        .op('i32.add')
        .set(address),
    )
    const step = () => {
      for (const address of at)
        c.get(address)
          .i32(4 * BLOCK)
          .op('i32.add')
          .set(address)
    }
    emitBlocks(e, block, step, count => emitBlock(e, at, block, half, rows - ROWS * half, count))
  }
}
