/**
 * The contraction (SPEC: N1): panels of a times panels of b. A tile is 4 rows by 8 columns; inside a block all
 * products and sums are exact in i32, then each becomes f32, is scaled, and is added to the f32 sums, blocks ascending.
 * PERF: the inner loop is not unrolled, and the f32 sums live in scratch memory: V8's register allocator spills
 * otherwise. A task is up to 32 rows of one batch entry, so that a panel of b stays in the first-level cache.
 */
import type { Code } from './assembler.ts'
import { emitCanonVector, emitFlag, type KernelSource, pushOffset, SCRATCH_GLOBAL } from './kernel.ts'
import { BLOCK_BYTES, MANTISSA_OFFSET, PAIR_BYTES, PAIRS, PANEL_ROWS } from './panels.ts'

const TILE_ROWS = 4
const TASK_ROWS = 32
/** Bytes of scratch for one tile of sums. */
export const TILE_BYTES = TILE_ROWS * PANEL_ROWS * 4

export interface ContractView {
  readonly m: number
  readonly n: number
  readonly blocks: number
  readonly batchSizes: readonly number[]
  /** Bytes per batch axis, 0 where an operand repeats. */
  readonly aStrides: readonly number[]
  readonly bStrides: readonly number[]
  /** Output strides: elements per batch axis and per row; columns are contiguous. */
  readonly outStrides: readonly number[]
  readonly rowStride: number
}

interface Emission {
  readonly c: Code
  readonly view: ContractView
  readonly a: number
  readonly b: number
  readonly sums: number
  readonly totals: readonly number[]
  readonly peak: number
}

/** totals += dot products of one block at pointers a and b, which are left at the next block. */
function emitBlock({ c, a, b, sums, totals }: Emission): void {
  const [pa, pb, end] = [c.local('i32'), c.local('i32'), c.local('i32')]
  const [b0, b1, aPair, scale] = [c.local('v128'), c.local('v128'), c.local('v128'), c.local('v128')]
  for (const total of totals) c.splat(0).set(total)
  c.get(a)
    .set(pa)
    .get(b)
    .set(pb)
    .get(b)
    .i32(PAIRS * PAIR_BYTES)
    .op('i32.add')
    .set(end)
  c.loop(() => {
    c.get(pb)
      .load('v128.load', MANTISSA_OFFSET)
      .set(b0)
      .get(pb)
      .load('v128.load', MANTISSA_OFFSET + 16)
      .set(b1)
    for (let row = 0; row < TILE_ROWS; row++) {
      const [t0, t1] = [totals[2 * row] as number, totals[2 * row + 1] as number]
      c.get(pa)
        .load('v128.load32_splat', MANTISSA_OFFSET + 4 * row)
        .set(aPair)
      c.get(t0).get(aPair).get(b0).simd('i32x4.dot_i16x8_s').simd('i32x4.add').set(t0)
      c.get(t1).get(aPair).get(b1).simd('i32x4.dot_i16x8_s').simd('i32x4.add').set(t1)
    }
    c.get(pa).i32(PAIR_BYTES).op('i32.add').set(pa)
    c.get(pb).i32(PAIR_BYTES).op('i32.add').tee(pb).get(end).op('i32.ne').brIf(0)
  })
  c.get(b).load('v128.load').set(b0).get(b).load('v128.load', 16).set(b1)
  for (let row = 0; row < TILE_ROWS; row++) {
    c.get(a)
      .load('v128.load32_splat', 4 * row)
      .set(scale)
    for (const half of [0, 1]) {
      const at = (2 * row + half) * 16
      c.get(sums).get(sums).load('v128.load', at)
      c.get(totals[2 * row + half] as number).simd('f32x4.convert_i32x4_s')
      c.get(scale)
        .get(half === 0 ? b0 : b1)
        .simd('f32x4.mul')
        .simd('f32x4.mul')
        .simd('f32x4.add')
        .store('v128.store', at)
    }
  }
  c.get(a).i32(BLOCK_BYTES).op('i32.add').set(a).get(b).i32(BLOCK_BYTES).op('i32.add').set(b)
}

/** Canonicalises the tile in scratch and stores `rows` by `columns` of it at the address in `out`. */
function emitTileStore({ c, view, sums, peak }: Emission, out: number, rows: number, columns: number): void {
  const [value, magnitude] = [c.local('v128'), c.local('v128')]
  for (let row = 0; row < rows; row++) {
    for (const half of [0, 1]) {
      const count = Math.min(4, columns - 4 * half)
      if (count <= 0) continue
      c.get(sums)
        .load('v128.load', (2 * row + half) * 16)
        .set(value)
      const target = () =>
        c
          .get(out)
          .i32(4 * (row * view.rowStride + 4 * half))
          .op('i32.add')
      if (count === 4) {
        target()
        emitCanonVector(c, value, peak, magnitude)
        c.store('v128.store')
        continue
      }
      emitCanonVector(c, value, peak, magnitude)
      c.set(value)
      for (let lane = 0; lane < count; lane++)
        target()
          .get(value)
          .storeLane(4 * lane, lane)
    }
  }
}

/** One tile: sums start at +0; `aTile` and `bPanel` are the addresses of its first blocks. */
function emitTile(e: Emission, aTile: number, bPanel: number, out: number, rows: number, columns: number): void {
  const { c, view, sums } = e
  const k = c.local('i32')
  for (let at = 0; at < TILE_BYTES; at += 16) c.get(sums).splat(0).store('v128.store', at)
  c.get(aTile).set(e.a).get(bPanel).set(e.b).i32(0).set(k)
  c.while(
    k,
    () => c.i32(view.blocks),
    1,
    () => emitBlock(e),
  )
  emitTileStore(e, out, rows, columns)
}

/** Runs `full` for counter < limit and `partial` for the last, shorter step, where there is one. */
function split(c: Code, counter: number, total: number, step: number, emit: (size: number) => void): void {
  const rest = total % step
  if (rest === 0) emit(step)
  else if (total < step) emit(rest)
  else {
    c.get(counter)
      .i32(Math.floor(total / step))
      .op('i32.eq')
    c.if(
      () => emit(rest),
      () => emit(step),
    )
  }
}

/** Contracts panels. Pointers: a, b, out. */
export function contractKernel(view: ContractView): KernelSource {
  const { m, n, blocks } = view
  const tasksPerBatch = Math.ceil(m / TASK_ROWS)
  const batches = view.batchSizes.reduce((count, size) => count * size, 1)
  const panelBytes = blocks * BLOCK_BYTES
  return {
    key: `contract ${JSON.stringify(view)}`,
    tasks: batches * tasksPerBatch,
    pointers: 3,
    emit(c) {
      const [a, b, out, begin, end, flag] = [0, 1, 2, 3, 4, 5]
      const names = [
        'task',
        'batch',
        'aBatch',
        'bPanel',
        'outBatch',
        'tile',
        'lastTile',
        'panel',
        'aTile',
        'target',
        'pa',
        'pb',
        'sums',
      ] as const
      const local = Object.fromEntries(names.map(name => [name, c.local('i32')])) as Record<
        (typeof names)[number],
        number
      >
      const totals = Array.from({ length: 2 * TILE_ROWS }, () => c.local('v128'))
      const e: Emission = { c, view, a: local.pa, b: local.pb, sums: local.sums, totals, peak: c.local('v128') }
      const tiles = Math.ceil(m / TILE_ROWS)
      const emitTiles = (columns: number) => {
        c.get(local.task)
          .i32(tasksPerBatch)
          .op('i32.rem_u')
          .i32(TASK_ROWS / TILE_ROWS)
          .op('i32.mul')
          .set(local.tile)
        c.while(
          local.tile,
          () => c.get(local.lastTile),
          1,
          () => {
            c.get(local.aBatch).get(local.tile).i32(1).op('i32.shr_u').i32(panelBytes).op('i32.mul').op('i32.add')
            c.get(local.tile)
              .i32(1)
              .op('i32.and')
              .i32(4 * TILE_ROWS)
              .op('i32.mul')
              .op('i32.add')
              .set(local.aTile)
            c.get(local.outBatch)
              .get(local.tile)
              .i32(4 * TILE_ROWS * view.rowStride)
              .op('i32.mul')
              .op('i32.add')
            c.get(local.panel)
              .i32(4 * PANEL_ROWS)
              .op('i32.mul')
              .op('i32.add')
              .set(local.target)
            split(c, local.tile, m, TILE_ROWS, rows =>
              emitTile(e, local.aTile, local.bPanel, local.target, rows, columns),
            )
          },
        )
      }
      c.getGlobal(SCRATCH_GLOBAL).set(local.sums).get(begin).set(local.task)
      c.while(
        local.task,
        () => c.get(end),
        1,
        () => {
          c.get(local.task).i32(tasksPerBatch).op('i32.div_u').set(local.batch)
          pushOffset(c, local.batch, view.batchSizes, view.aStrides)
          c.get(a).op('i32.add').set(local.aBatch)
          pushOffset(c, local.batch, view.batchSizes, view.bStrides)
          c.get(b).op('i32.add').set(local.bPanel)
          pushOffset(c, local.batch, view.batchSizes, view.outStrides)
          c.i32(2).op('i32.shl').get(out).op('i32.add').set(local.outBatch)
          c.get(local.task)
            .i32(tasksPerBatch)
            .op('i32.rem_u')
            .i32(1)
            .op('i32.add')
            .i32(TASK_ROWS / TILE_ROWS)
            .op('i32.mul')
            .set(local.lastTile)
          c.i32(tiles)
            .get(local.lastTile)
            .i32(tiles)
            .get(local.lastTile)
            .op('i32.lt_s')
            .op('select')
            .set(local.lastTile)
          c.i32(0).set(local.panel)
          c.while(
            local.panel,
            () => c.i32(Math.ceil(n / PANEL_ROWS)),
            1,
            () => {
              split(c, local.panel, n, PANEL_ROWS, emitTiles)
              c.get(local.bPanel).i32(panelBytes).op('i32.add').set(local.bPanel)
            },
          )
        },
      )
      emitFlag(c, e.peak, flag)
    },
  }
}
