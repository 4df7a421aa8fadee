/**
 * Kernels of sums (SPEC: N3), maxima and scatter-add (SPEC: N6). Every tensor is viewed as [outer, n, inner] and
 * reduced over n. With inner = 1 the 32 lanes of N3 are eight vectors; otherwise columns stand side by side and the
 * 32 lanes are rows of scratch memory.
 */
import type { Code } from './assembler.ts'
import { emitCanonScalar, emitCanonVector, emitFlag, type KernelSource, SCRATCH_GLOBAL } from './kernel.ts'

const CHUNK = 4096
const LANES = 32
const VECTOR = 16
const LANE_VECTORS = LANES / 4
/** Columns of one task when inner > 1. */
const COLUMNS = 16
/** Scratch: lanes first, then the chunks' partial results. */
const PARTIALS_OFFSET = LANES * COLUMNS * 4

/** Bytes of scratch a sum over n needs in each thread. */
export function reductionScratchBytes(n: number): number {
  return PARTIALS_OFFSET + Math.ceil(n / CHUNK) * COLUMNS * 4
}

export interface ReductionView {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

function ladder(c: Code, x: number, shuffled: readonly number[], combine: 'f32x4.add' | 'f32x4.pmax'): void {
  c.get(x)
    .get(x)
    .get(x)
    .shuffle(shuffled.flatMap(lane => [0, 1, 2, 3].map(b => lane * 4 + b)))
    .simd(combine)
    .set(x)
}

/** Leaves lane 0 of x combined with lanes 2, then 1: the end of N3's tree. */
function emitLastLanes(c: Code, x: number, combine: 'f32x4.add' | 'f32x4.pmax'): void {
  ladder(c, x, [2, 3, 2, 3], combine)
  ladder(c, x, [1, 1, 1, 1], combine)
  c.get(x).lane('f32x4.extract_lane', 0)
}

/** Pushes the vector of `count` (1 to 4) words at pointer + offset, zeros after them. */
function pushPartialVector(c: Code, pointer: number, offset: number, count: number): void {
  if (count === 4) {
    c.get(pointer).load('v128.load', offset)
    return
  }
  c.splat(0)
  for (let lane = 0; lane < count; lane++)
    c.get(pointer)
      .load('f32.load', offset + 4 * lane)
      .lane('f32x4.replace_lane', lane)
}

/** Pushes the sum of n <= 4,096 contiguous words; `pointer` is a local that is advanced. */
function pushChunkSum(c: Code, pointer: number, n: number, lanes: readonly number[], counter: number): void {
  for (const lane of lanes) c.splat(0).set(lane)
  const whole = Math.floor(n / LANES)
  c.i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(whole),
    1,
    () => {
      lanes.forEach((lane, v) =>
        c
          .get(lane)
          .get(pointer)
          .load('v128.load', v * VECTOR)
          .simd('f32x4.add')
          .set(lane),
      )
      c.get(pointer)
        .i32(LANES * 4)
        .op('i32.add')
        .set(pointer)
    },
  )
  const rest = n % LANES
  for (let v = 0; v * 4 < rest; v++) {
    c.get(lanes[v] as number)
    pushPartialVector(c, pointer, v * VECTOR, Math.min(4, rest - 4 * v))
    c.simd('f32x4.add').set(lanes[v] as number)
  }
  for (let half = LANE_VECTORS / 2; half >= 1; half /= 2) {
    for (let v = 0; v < half; v++) {
      const [low, high] = [lanes[v] as number, lanes[v + half] as number]
      c.get(low).get(high).simd('f32x4.add').set(low)
    }
  }
  emitLastLanes(c, lanes[0] as number, 'f32x4.add')
}

/** Pushes the sum of n contiguous words: chunks into scratch, then the chunks' results the same way. */
function pushRowSum(c: Code, pointer: number, n: number): void {
  const lanes = Array.from({ length: LANE_VECTORS }, () => c.local('v128'))
  const [counter, chunk, store] = [c.local('i32'), c.local('i32'), c.local('i32')]
  let rest = n
  while (rest > CHUNK) {
    const whole = Math.floor(rest / CHUNK)
    const partial = c.local('f32')
    c.i32(0).set(chunk).getGlobal(SCRATCH_GLOBAL).i32(PARTIALS_OFFSET).op('i32.add').set(store)
    c.while(
      chunk,
      () => c.i32(whole),
      1,
      () => {
        pushChunkSum(c, pointer, CHUNK, lanes, counter)
        c.set(partial).get(store).get(partial).store('f32.store').get(store).i32(4).op('i32.add').set(store)
      },
    )
    if (rest % CHUNK !== 0) {
      pushChunkSum(c, pointer, rest % CHUNK, lanes, counter)
      c.set(partial).get(store).get(partial).store('f32.store')
    }
    rest = Math.ceil(rest / CHUNK)
    c.getGlobal(SCRATCH_GLOBAL).i32(PARTIALS_OFFSET).op('i32.add').set(pointer)
  }
  pushChunkSum(c, pointer, rest, lanes, counter)
}

function pushRowMaximum(c: Code, pointer: number, n: number): void {
  const [best, counter] = [c.local('v128'), c.local('i32')]
  c.get(pointer).load('v128.load32_splat').set(best).i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(Math.floor(n / 4)),
    1,
    () => {
      c.get(best).get(pointer).load('v128.load').simd('f32x4.pmax').set(best)
      c.get(pointer).i32(VECTOR).op('i32.add').set(pointer)
    },
  )
  for (let i = 0; i < n % 4; i++)
    c.get(best)
      .get(pointer)
      .load('v128.load32_splat', 4 * i)
      .simd('f32x4.pmax')
      .set(best)
  emitLastLanes(c, best, 'f32x4.pmax')
}

type PushRow = (c: Code, pointer: number, n: number) => void

/** inner = 1: one task a row. */
function rowKernel(key: string, { outer, n }: ReductionView, push: PushRow): KernelSource {
  return {
    key: `${key} rows ${n}`,
    tasks: outer,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end, flag] = [0, 1, 2, 3, 4]
      const [row, pointer, result, magnitude, peak] = [
        c.local('i32'),
        c.local('i32'),
        c.local('f32'),
        c.local('i32'),
        c.local('v128'),
      ]
      c.get(begin).set(row)
      c.while(
        row,
        () => c.get(end),
        1,
        () => {
          c.get(x)
            .get(row)
            .i32(4 * n)
            .op('i32.mul')
            .op('i32.add')
            .set(pointer)
          push(c, pointer, n)
          c.set(result).get(out).get(row).i32(2).op('i32.shl').op('i32.add')
          emitCanonScalar(c, result, peak, magnitude)
          c.store('f32.store')
        },
      )
      emitFlag(c, peak, flag)
    },
  }
}

/** One stretch of columns handled together: a vector of four, or a single one. */
interface Cell {
  readonly offset: number
  readonly vector: boolean
}

function cellsOf(width: number): Cell[] {
  const vectors = Array.from({ length: Math.floor(width / 4) }, (_, v) => ({ offset: v * VECTOR, vector: true }))
  const singles = Array.from({ length: width % 4 }, (_, i) => ({
    offset: (width - (width % 4) + i) * 4,
    vector: false,
  }))
  return [...vectors, ...singles]
}

const loadCell = (c: Code, address: number, cell: Cell, offset = 0) =>
  c.get(address).load(cell.vector ? 'v128.load' : 'f32.load', offset + cell.offset)
const storeCell = (c: Code, cell: Cell, offset = 0) =>
  c.store(cell.vector ? 'v128.store' : 'f32.store', offset + cell.offset)
const addCells = (c: Code, cell: Cell) => (cell.vector ? c.simd('f32x4.add') : c.op('f32.add'))

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
function emitColumnSum(
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

function emitColumnMaximum(
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

/** Canonicalises a stored cell in place. */
export function emitCanonCell(c: Code, cell: Cell, address: number, peak: number): void {
  const value = c.local(cell.vector ? 'v128' : 'f32')
  loadCell(c, address, cell).set(value).get(address)
  if (cell.vector) emitCanonVector(c, value, peak, c.local('v128'))
  else emitCanonScalar(c, value, peak, c.local('i32'))
  storeCell(c, cell)
}

type EmitColumns = typeof emitColumnSum

/** inner > 1: a task is up to 16 columns of one outer index. */
function columnKernel(key: string, { outer, n, inner }: ReductionView, emitColumns: EmitColumns): KernelSource {
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

export function sumKernel(view: ReductionView): KernelSource {
  return view.inner === 1 ? rowKernel('sum', view, pushRowSum) : columnKernel('sum', view, emitColumnSum)
}

export function maximumKernel(view: ReductionView): KernelSource {
  return view.inner === 1
    ? rowKernel('maximum', view, pushRowMaximum)
    : columnKernel('maximum', view, emitColumnMaximum)
}

/** (g [count, width], index i32 [count]) -> out [rows, width]; a task is up to 16 columns of every row. */
export function scatterAddKernel(count: number, width: number, rows: number): KernelSource {
  const blocks = Math.ceil(width / COLUMNS)
  return {
    key: `scatter ${count} ${width} ${rows}`,
    tasks: blocks,
    pointers: 3,
    emit(c) {
      const [g, index, out, begin, end, flag] = [0, 1, 2, 3, 4, 5]
      const [task, i, row, from, to, peak] = [
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('v128'),
      ]
      const column = () =>
        c
          .get(task)
          .i32(COLUMNS * 4)
          .op('i32.mul')
      const everyRow = (body: () => void) => {
        c.i32(0).set(i)
        c.while(
          i,
          () => c.i32(rows),
          1,
          () => {
            c.get(out)
              .get(i)
              .i32(4 * width)
              .op('i32.mul')
              .op('i32.add')
            column().op('i32.add').set(to)
            body()
          },
        )
      }
      const emitBlock = (cells: readonly Cell[]) => {
        everyRow(() => {
          for (const cell of cells) {
            c.get(to)
            if (cell.vector) c.splat(0)
            else c.f32(0)
            storeCell(c, cell)
          }
        })
        c.i32(0).set(i)
        c.while(
          i,
          () => c.i32(count),
          1,
          () => {
            c.get(index).get(i).i32(2).op('i32.shl').op('i32.add').load('i32.load').tee(row).i32(rows).op('i32.lt_u')
            c.if(
              () => {
                c.get(g)
                  .get(i)
                  .i32(4 * width)
                  .op('i32.mul')
                  .op('i32.add')
                column().op('i32.add').set(from)
                c.get(out)
                  .get(row)
                  .i32(4 * width)
                  .op('i32.mul')
                  .op('i32.add')
                column().op('i32.add').set(to)
                for (const cell of cells) {
                  c.get(to)
                  loadCell(c, to, cell)
                  loadCell(c, from, cell)
                  addCells(c, cell)
                  storeCell(c, cell)
                }
              },
              () => c.splat(0x7fffffff).set(peak),
            )
          },
        )
        everyRow(() => {
          for (const cell of cells) emitCanonCell(c, cell, to, peak)
        })
      }
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          const rest = width % COLUMNS
          if (rest === 0) emitBlock(cellsOf(COLUMNS))
          else {
            c.get(task)
              .i32(blocks - 1)
              .op('i32.eq')
            c.if(
              () => emitBlock(cellsOf(rest)),
              () => emitBlock(cellsOf(COLUMNS)),
            )
          }
        },
      )
      emitFlag(c, peak, flag)
    },
  }
}
