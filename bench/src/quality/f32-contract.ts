/**
 * The float contraction: out[m, n] = sum over k of a[m, k] b[n, k], each product and each sum rounded to f32, k ascending
 * from +0. What a float library does, but for its order of summation. A tile is 4 rows by 8 columns, its sums in locals.
 */
import { type Code, emitCanonVector, emitFlag, type KernelSource, pushOffset } from '@cairn/engine/kernels'
import { COLUMN_BYTES, PANEL_ROWS, productOf } from './f32-panels.ts'

const TILE_ROWS = 4

export interface ContractView {
  readonly m: number
  readonly n: number
  readonly length: number
  readonly batchSizes: readonly number[]
  /** Bytes per batch axis, 0 where an operand repeats. */
  readonly aStrides: readonly number[]
  readonly bStrides: readonly number[]
}

/** Locals: addresses of a panel of each operand and of the output tile's first element, and what every tile uses. */
interface Emission {
  readonly c: Code
  readonly view: ContractView
  readonly aPanel: number
  readonly bPanel: number
  readonly target: number
  readonly sums: readonly number[]
  readonly peak: number
}

const i32s = (c: Code, count: number): number[] => Array.from({ length: count }, () => c.local('i32'))
const vectors = (c: Code, count: number): number[] => Array.from({ length: count }, () => c.local('v128'))

/** Sums one tile; `firstRow` is that of the panel, 0 or 4. */
function emitSums({ c, view, aPanel, bPanel, sums }: Emission, firstRow: number): void {
  const [pa, pb, end] = i32s(c, 3)
  const [left, right, value] = vectors(c, 3)
  for (const sum of sums) c.splat(0).set(sum)
  c.get(aPanel).set(pa).get(bPanel).tee(pb)
  c.i32(view.length * COLUMN_BYTES)
    .op('i32.add')
    .set(end)
  c.loop(() => {
    c.get(pb).load('v128.load').set(left).get(pb).load('v128.load', 16).set(right)
    for (let row = 0; row < TILE_ROWS; row++) {
      c.get(pa)
        .load('v128.load32_splat', 4 * (firstRow + row))
        .set(value)
      for (const [half, b] of [left, right].entries()) {
        const sum = sums[2 * row + half]!
        c.get(sum).get(value).get(b).simd('f32x4.mul').simd('f32x4.add').set(sum)
      }
    }
    c.get(pa).i32(COLUMN_BYTES).op('i32.add').set(pa)
    c.get(pb).i32(COLUMN_BYTES).op('i32.add').tee(pb).get(end).op('i32.ne').brIf(0)
  })
}

/** Stores the canonical sums of one row of the tile; columns past `columns` do not exist. */
function emitRow({ c, view, target, sums, peak }: Emission, row: number, firstRow: number, columns: number): void {
  const [value, magnitude] = vectors(c, 2)
  for (const half of [0, 1]) {
    const count = Math.min(4, columns - 4 * half)
    const at = 4 * ((firstRow + row) * view.n + 4 * half)
    if (count <= 0) return
    emitCanonVector(c, sums[2 * row + half]!, peak, magnitude)
    c.set(value)
    if (count === 4) c.get(target).get(value).store('v128.store', at)
    else
      for (let lane = 0; lane < count; lane++)
        c.get(target)
          .get(value)
          .storeLane(at + 4 * lane, lane)
  }
}

function emitTiles(e: Emission, rows: number, columns: number): void {
  for (let firstRow = 0; firstRow < rows; firstRow += TILE_ROWS) {
    emitSums(e, firstRow)
    for (let row = 0; row < Math.min(TILE_ROWS, rows - firstRow); row++) emitRow(e, row, firstRow, columns)
  }
}

/** Emits for whole panels, and for the last one of `total` rows where it is not whole. */
function perPanel(c: Code, panel: number, total: number, emit: (rows: number) => void): void {
  const rest = total % PANEL_ROWS
  if (rest === 0) emit(PANEL_ROWS)
  else {
    c.get(panel)
      .i32(Math.floor(total / PANEL_ROWS))
      .op('i32.eq')
    c.if(
      () => emit(rest),
      () => emit(PANEL_ROWS),
    )
  }
}

const panelsOf = (rows: number) => Math.ceil(rows / PANEL_ROWS)

/** One panel of a against all panels of b. */
function emitTask(e: Emission, task: number, a: number, b: number, out: number): void {
  const { c, view, aPanel, bPanel, target } = e
  const [batch, panel, column] = i32s(c, 3)
  const stride = view.length * COLUMN_BYTES
  c.get(task).i32(panelsOf(view.m)).op('i32.div_u').set(batch)
  c.get(task).i32(panelsOf(view.m)).op('i32.rem_u').set(panel)
  pushOffset(c, batch, view.batchSizes, view.aStrides)
  c.get(panel).i32(stride).op('i32.mul').op('i32.add').get(a).op('i32.add').set(aPanel)
  pushOffset(c, batch, view.batchSizes, view.bStrides)
  c.get(b).op('i32.add').set(bPanel)
  c.get(batch).i32(view.m).op('i32.mul').get(panel).i32(PANEL_ROWS).op('i32.mul').op('i32.add')
  c.i32(4 * view.n)
    .op('i32.mul')
    .get(out)
    .op('i32.add')
    .set(target)
  c.i32(0).set(column)
  const emitColumn = () => {
    perPanel(c, panel, view.m, rows => perPanel(c, column, view.n, columns => emitTiles(e, rows, columns)))
    c.get(bPanel).i32(stride).op('i32.add').set(bPanel)
    c.get(target)
      .i32(4 * PANEL_ROWS)
      .op('i32.add')
      .set(target)
  }
  c.while(column, () => c.i32(panelsOf(view.n)), 1, emitColumn)
}

/** Contracts panels. Pointers: a, b, out. A task is one panel of a. */
export function contractKernel(view: ContractView): KernelSource {
  return {
    key: `f32 contract ${JSON.stringify(view)}`,
    tasks: productOf(view.batchSizes) * panelsOf(view.m),
    pointers: 3,
    emit(c) {
      const [a, b, out, begin, end, flag] = [0, 1, 2, 3, 4, 5]
      const [task, aPanel, bPanel, target] = i32s(c, 4)
      const sums = vectors(c, 2 * TILE_ROWS)
      const e: Emission = { c, view, aPanel, bPanel, target, sums, peak: c.local('v128') }
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => emitTask(e, task, a, b, out),
      )
      emitFlag(c, e.peak, flag)
    },
  }
}
