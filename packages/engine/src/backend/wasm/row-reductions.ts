/** Reductions of contiguous rows (inner = 1): the 32 lanes of SPEC N3 are eight vectors. A task is one row. */
import type { Code } from './assembler.ts'
import { emitCanonScalar, emitFlag, type KernelSource, SCRATCH_GLOBAL } from './kernel.ts'
import { CHUNK, LANES, PARTIALS_OFFSET, type ReductionView } from './reduction-view.ts'

const VECTOR = 16
const LANE_VECTORS = LANES / 4

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
export function pushRowSum(c: Code, pointer: number, n: number): void {
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

export function pushRowMaximum(c: Code, pointer: number, n: number): void {
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
export function rowKernel(key: string, { outer, n }: ReductionView, push: PushRow): KernelSource {
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
