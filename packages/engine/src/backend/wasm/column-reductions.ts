/**
 * Reductions over an axis that is not the last (inner > 1): columns stand side by side, and the 32 lanes of SPEC N3 are
 * rows of scratch memory. A task is up to 16 columns of one outer index.
 */
import type { Code } from './assembler.ts'
import { addCells, type Cell, cellsOf, emitCanonCell, loadCell, storeCell } from './column-cells.ts'
import { emitFlag, type KernelSource, SCRATCH_GLOBAL } from './kernel.ts'
import { CHUNK, COLUMNS, LANES, PARTIALS_OFFSET, type ReductionView } from './reduction-view.ts'

/** Adds rows [0, n) at `pointer` (advanced by `stride`) into 32 scratch lanes and stores their tree at `target`. */
function emitColumnChunk(
  c: Code,
  cells: readonly Cell[],
  pointer: number,
  stride: number,
  pushN: (c: Code) => void,
  target: number,
): void {
  const [lane, counter] = [c.local('i32'), c.local('i32')]
  const laneBytes = COLUMNS * 4
  for (let j = 0; j < LANES; j++) {
    for (const cell of cells) {
      c.getGlobal(SCRATCH_GLOBAL)
      if (cell.vector) c.splat(0)
      else c.f32(0)
      storeCell(c, cell, j * laneBytes)
    }
  }
  c.i32(0).set(counter)
  c.while(counter, pushN, 1, () => {
    c.getGlobal(SCRATCH_GLOBAL)
      .get(counter)
      .i32(LANES - 1)
      .op('i32.and')
      .i32(laneBytes)
      .op('i32.mul')
      .op('i32.add')
      .set(lane)
    for (const cell of cells) {
      c.get(lane)
      loadCell(c, lane, cell)
      loadCell(c, pointer, cell)
      addCells(c, cell)
      storeCell(c, cell)
    }
    c.get(pointer).i32(stride).op('i32.add').set(pointer)
  })
  c.getGlobal(SCRATCH_GLOBAL).set(lane)
  for (let half = LANES / 2; half >= 1; half /= 2) {
    c.i32(0).set(counter).getGlobal(SCRATCH_GLOBAL).set(lane)
    c.while(
      counter,
      () => c.i32(half),
      1,
      () => {
        for (const cell of cells) {
          c.get(lane)
          loadCell(c, lane, cell)
          loadCell(c, lane, cell, half * laneBytes)
          addCells(c, cell)
          storeCell(c, cell)
        }
        c.get(lane).i32(laneBytes).op('i32.add').set(lane)
      },
    )
  }
  c.getGlobal(SCRATCH_GLOBAL).set(lane)
  for (const cell of cells) {
    c.get(target)
    loadCell(c, lane, cell)
    storeCell(c, cell)
  }
}

/** Sums n rows of cells; the result is stored at `target`. */
export function emitColumnSum(
  c: Code,
  cells: readonly Cell[],
  pointer: number,
  inner: number,
  n: number,
  target: number,
): void {
  let [rest, stride] = [n, 4 * inner]
  const [store, left] = [c.local('i32'), c.local('i32')]
  const partialBytes = COLUMNS * 4
  const pushPartials = () => c.getGlobal(SCRATCH_GLOBAL).i32(PARTIALS_OFFSET).op('i32.add')
  while (rest > CHUNK) {
    const [chunk, total] = [c.local('i32'), rest]
    pushPartials().set(store).i32(0).set(chunk)
    c.while(
      chunk,
      () => c.i32(total),
      CHUNK,
      () => {
        c.i32(total).get(chunk).op('i32.sub').set(left)
        c.i32(CHUNK).get(left).i32(CHUNK).get(left).op('i32.lt_s').op('select').set(left)
        emitColumnChunk(c, cells, pointer, stride, () => c.get(left), store)
        c.get(store).i32(partialBytes).op('i32.add').set(store)
      },
    )
    rest = Math.ceil(rest / CHUNK)
    stride = partialBytes
    pushPartials().set(pointer)
  }
  const last = rest
  emitColumnChunk(c, cells, pointer, stride, () => c.i32(last), target)
}

export function emitColumnMaximum(
  c: Code,
  cells: readonly Cell[],
  pointer: number,
  inner: number,
  n: number,
  target: number,
): void {
  const counter = c.local('i32')
  const best = cells.map(cell => c.local(cell.vector ? 'v128' : 'f32'))
  cells.forEach((cell, i) => loadCell(c, pointer, cell).set(best[i] as number))
  c.i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(n),
    1,
    () => {
      cells.forEach((cell, i) => {
        const [b, value] = [best[i] as number, c.local(cell.vector ? 'v128' : 'f32')]
        loadCell(c, pointer, cell).set(value)
        if (cell.vector) c.get(b).get(value).simd('f32x4.pmax').set(b)
        else c.get(value).get(b).get(b).get(value).op('f32.lt').op('select').set(b)
      })
      c.get(pointer)
        .i32(4 * inner)
        .op('i32.add')
        .set(pointer)
    },
  )
  cells.forEach((cell, i) => {
    c.get(target).get(best[i] as number)
    storeCell(c, cell)
  })
}

type EmitColumns = typeof emitColumnSum

/** inner > 1: a task is up to 16 columns of one outer index. */
export function columnKernel(key: string, { outer, n, inner }: ReductionView, emitColumns: EmitColumns): KernelSource {
  const blocks = Math.ceil(inner / COLUMNS)
  return {
    key: `${key} columns ${n} ${inner}`,
    tasks: outer * blocks,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end, flag] = [0, 1, 2, 3, 4]
      const [task, block, pointer, target, peak] = [
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('v128'),
      ]
      const emitBlock = (width: number) => {
        const cells = cellsOf(width)
        emitColumns(c, cells, pointer, inner, n, target)
        for (const cell of cells) emitCanonCell(c, cell, target, peak)
      }
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          c.get(task)
            .i32(blocks)
            .op('i32.rem_u')
            .i32(COLUMNS * 4)
            .op('i32.mul')
            .set(block)
          const outerIndex = () => c.get(task).i32(blocks).op('i32.div_u')
          c.get(x).get(block).op('i32.add')
          outerIndex()
            .i32(4 * n * inner)
            .op('i32.mul')
            .op('i32.add')
            .set(pointer)
          c.get(out).get(block).op('i32.add')
          outerIndex()
            .i32(4 * inner)
            .op('i32.mul')
            .op('i32.add')
            .set(target)
          const rest = inner % COLUMNS
          if (rest === 0) emitBlock(COLUMNS)
          else if (blocks === 1) emitBlock(rest)
          else {
            c.get(block)
              .i32((blocks - 1) * COLUMNS * 4)
              .op('i32.eq')
            c.if(
              () => emitBlock(rest),
              () => emitBlock(COLUMNS),
            )
          }
        },
      )
      emitFlag(c, peak, flag)
    },
  }
}
