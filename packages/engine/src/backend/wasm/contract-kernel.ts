/**
 * The contraction (SPEC: N1): panels of a times panels of b, a tile at a time (`contract-tile.ts`).
 * PERF: a task is up to 32 rows of one batch entry, and a panel of b meets all of them while it is in the first-level
 * cache.
 */
import type { Code } from './assembler.ts'
import { emitTile, TILE_ROWS, type TileEmission } from './contract-tile.ts'
import { emitFlag, type KernelSource, pushCanonEdge, pushOffset, SCRATCH_GLOBAL } from './kernel.ts'
import { BLOCK_BYTES, PANEL_ROWS } from './panels.ts'

const TASK_ROWS = 32

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
  /** Whether to look for blocks of zeros in a: worth it for attention, whose weights on the future are zeros. */
  readonly sparse: boolean
}

/** Emits a step of full size, and for the last one, where it is shorter, another. */
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
      const e: TileEmission = {
        c,
        blocks,
        rowStride: view.rowStride,
        sparse: view.sparse,
        a: local.pa,
        b: local.pb,
        sums: local.sums,
        totals: Array.from({ length: 2 * TILE_ROWS }, () => c.local('v128')),
        value: c.local('v128'),
        magnitude: c.local('v128'),
        peak: c.local('v128'),
        canonEdge: c.local('v128'),
      }
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
              emitTile(e, { a: local.aTile, b: local.bPanel, out: local.target, rows, columns }),
            )
          },
        )
      }
      pushCanonEdge(c).set(e.canonEdge)
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
