/**
 * Quantisation fused into packing (SPEC: N1): reads an f32 view and writes panels (`panels.ts`). A task is one panel.
 * Two forms: along rows that are contiguous in memory, eight rows after another; or with the eight rows of a panel
 * side by side in memory, four rows a vector.
 */
import {
  BLOCK,
  mantissaBits,
  QUANTISE_LIMIT_EXPONENT,
  type QuantisedDType,
  SMALLEST_SCALE_EXPONENT,
} from '../../tensor-type.ts'
import type { Code } from './assembler.ts'
import { emitFlag, type KernelSource, pushOffset } from './kernel.ts'
import { BLOCK_BYTES, MANTISSA_OFFSET, PAIR_BYTES, PAIRS, PANEL_ROWS } from './panels.ts'

/** An f32 tensor seen as [batch ..., rows, length], in elements. */
export interface MatrixView {
  readonly batchSizes: readonly number[]
  readonly batchStrides: readonly number[]
  readonly rows: number
  readonly length: number
  readonly rowStride: number
  /** Stride along the contracted axis. One of the two strides must be 1. */
  readonly stride: number
}

const LIMIT_BITS = (127 + QUANTISE_LIMIT_EXPONENT) << 23
const SMALLEST_BIASED = 127 + SMALLEST_SCALE_EXPONENT

interface Emission {
  readonly c: Code
  readonly view: MatrixView
  readonly width: QuantisedDType
  readonly fixed: boolean
  readonly peak: number
  /** Locals: address of the view's first element of this panel, address of the panel. */
  readonly source: number
  readonly panel: number
}

const biasedScale = (c: Code, magnitude: number, width: QuantisedDType, fixed: boolean, out: number) => {
  if (fixed) c.splat(127).set(out)
  else {
    c.get(magnitude)
      .i32(23)
      .simd('i32x4.shr_u')
      .splat(mantissaBits[width] - 2)
      .simd('i32x4.sub')
    c.splat(SMALLEST_BIASED).simd('i32x4.max_s').set(out)
  }
}

/** Pushes 2^-s from the biased scale: exponent field 254 - biased. */
const pushInverse = (c: Code, biased: number) => c.splat(254).get(biased).simd('i32x4.sub').i32(23).simd('i32x4.shl')
const pushRounded = (c: Code, inverse: number) =>
  c.get(inverse).simd('f32x4.mul').simd('f32x4.nearest').simd('i32x4.trunc_sat_f32x4_s')

function rememberMagnitude(c: Code, value: number, magnitude: number): void {
  c.get(magnitude).get(value).splat(0x7fffffff).simd('v128.and').simd('i32x4.max_u').set(magnitude)
}

/** Quantises one row's block whose first element's address is in `at`; `count` valid elements. */
function emitRowBlock(e: Emission, at: number, block: number, row: number, count: number): void {
  const { c, width, fixed, peak } = e
  const [magnitude, biased, inverse] = [c.local('v128'), c.local('v128'), c.local('v128')]
  const vectors = Array.from({ length: BLOCK / 4 }, () => c.local('v128'))
  c.splat(0).set(magnitude)
  vectors.forEach((vector, v) => {
    const valid = Math.max(0, Math.min(4, count - 4 * v))
    if (valid === 4) c.get(at).load('v128.load', 16 * v)
    else {
      c.splat(0)
      for (let lane = 0; lane < valid; lane++)
        c.get(at)
          .load('f32.load', 16 * v + 4 * lane)
          .lane('f32x4.replace_lane', lane)
    }
    c.set(vector)
    if (valid > 0) rememberMagnitude(c, vector, magnitude)
  })
  for (const lanes of [
    [2, 3, 0, 1],
    [1, 0, 3, 2],
  ]) {
    c.get(magnitude)
      .get(magnitude)
      .get(magnitude)
      .shuffle(lanes.flatMap(l => [0, 1, 2, 3].map(b => 4 * l + b)))
    c.simd('i32x4.max_u').set(magnitude)
  }
  c.get(peak).get(magnitude).simd('i32x4.max_u').set(peak)
  biasedScale(c, magnitude, width, fixed, biased)
  pushInverse(c, biased).set(inverse)
  c.get(block)
    .get(biased)
    .i32(23)
    .simd('i32x4.shl')
    .storeLane(4 * row, 0)
  const limit = 2 ** (mantissaBits[width] - 1) - 1
  const pairOfLimits = (x: number) => ((x & 0xffff) << 16) | (x & 0xffff)
  const packed = c.local('v128')
  for (let v = 0; v < vectors.length; v += 2) {
    pushRounded(c.get(vectors[v] as number), inverse)
    pushRounded(c.get(vectors[v + 1] as number), inverse)
    c.simd('i16x8.narrow_i32x4_s')
      .splat(pairOfLimits(limit))
      .simd('i16x8.min_s')
      .splat(pairOfLimits(-limit))
      .simd('i16x8.max_s')
      .set(packed)
    for (let pair = 0; pair < 4; pair++) {
      c.get(block)
        .get(packed)
        .storeLane(MANTISSA_OFFSET + (2 * v + pair) * PAIR_BYTES + 4 * row, pair)
    }
  }
}

/** Fills row `row` of a block with zeros under a valid scale. */
function emitZeroRow(c: Code, block: number, row: number): void {
  c.get(block)
    .i32(127 << 23)
    .store('i32.store', 4 * row)
  for (let pair = 0; pair < PAIRS; pair++)
    c.get(block)
      .i32(0)
      .store('i32.store', MANTISSA_OFFSET + pair * PAIR_BYTES + 4 * row)
}

/** Rows contiguous along the contracted axis. */
function emitAlongRows(e: Emission, rows: number): void {
  const { c, view, source, panel } = e
  const [block, at, counter] = [c.local('i32'), c.local('i32'), c.local('i32')]
  const whole = Math.floor(view.length / BLOCK)
  const rest = view.length % BLOCK
  for (let row = 0; row < PANEL_ROWS; row++) {
    c.get(source)
      .i32(4 * view.rowStride * row)
      .op('i32.add')
      .set(at)
      .get(panel)
      .set(block)
    const each = (count: number) => (row < rows ? emitRowBlock(e, at, block, row, count) : emitZeroRow(c, block, row))
    c.i32(0).set(counter)
    c.while(
      counter,
      () => c.i32(whole),
      1,
      () => {
        each(BLOCK)
        c.get(at)
          .i32(4 * BLOCK)
          .op('i32.add')
          .set(at)
          .get(block)
          .i32(BLOCK_BYTES)
          .op('i32.add')
          .set(block)
      },
    )
    if (rest > 0) each(rest)
  }
}

/** Pushes four neighbouring rows' elements at `at` + 16 * half, with rows beyond `rows` as zeros. */
function pushRows(c: Code, at: number, half: number, rows: number): void {
  const valid = Math.max(0, Math.min(4, rows - 4 * half))
  if (valid === 4) {
    c.get(at).load('v128.load', 16 * half)
    return
  }
  c.splat(0)
  for (let lane = 0; lane < valid; lane++)
    c.get(at)
      .load('f32.load', 16 * half + 4 * lane)
      .lane('f32x4.replace_lane', lane)
}

/** One block of a panel whose rows are side by side: a pass for the scales, then a pass for pairs of mantissas. */
function emitSideBlock(e: Emission, from: number, block: number, count: number, rows: number): void {
  const { c, view, width, fixed, peak } = e
  const step = 4 * view.stride
  const [at, counter, value] = [c.local('i32'), c.local('i32'), c.local('v128')]
  const halves = [0, 1].map(half => ({
    half,
    magnitude: c.local('v128'),
    biased: c.local('v128'),
    inverse: c.local('v128'),
  }))
  for (const { magnitude } of halves) c.splat(0).set(magnitude)
  c.get(from).set(at).i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(count),
    1,
    () => {
      for (const { half, magnitude } of halves) {
        pushRows(c, at, half, rows)
        c.set(value)
        rememberMagnitude(c, value, magnitude)
      }
      c.get(at).i32(step).op('i32.add').set(at)
    },
  )
  for (const { half, magnitude, biased, inverse } of halves) {
    c.get(peak).get(magnitude).simd('i32x4.max_u').set(peak)
    biasedScale(c, magnitude, width, fixed, biased)
    pushInverse(c, biased).set(inverse)
    c.get(block)
      .get(biased)
      .i32(23)
      .simd('i32x4.shl')
      .store('v128.store', 16 * half)
  }
  const limit = 2 ** (mantissaBits[width] - 1) - 1
  const pushMantissas = (half: number, inverse: number) => {
    pushRows(c, at, half, rows)
    pushRounded(c, inverse).splat(limit).simd('i32x4.min_s').splat(-limit).simd('i32x4.max_s')
  }
  const [pairs, low] = [c.local('i32'), halves.map(() => c.local('v128'))]
  const emitPair = (odd: boolean) => {
    for (const { half, inverse } of halves) {
      pushMantissas(half, inverse)
      c.splat(0xffff)
        .simd('v128.and')
        .set(low[half] as number)
    }
    if (odd) c.get(at).i32(step).op('i32.add').set(at)
    for (const { half, inverse } of halves) {
      c.get(pairs).get(low[half] as number)
      if (odd) {
        pushMantissas(half, inverse)
        c.i32(16).simd('i32x4.shl').simd('v128.or')
      }
      c.store('v128.store', MANTISSA_OFFSET + 16 * half)
    }
    if (odd) c.get(at).i32(step).op('i32.add').set(at)
    c.get(pairs).i32(PAIR_BYTES).op('i32.add').set(pairs)
  }
  c.get(from).set(at).get(block).set(pairs).i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(count >> 1),
    1,
    () => emitPair(true),
  )
  if (count % 2 === 1) emitPair(false)
  for (let pair = Math.ceil(count / 2); pair < PAIRS; pair++) {
    for (const half of [0, 1])
      c.get(block)
        .splat(0)
        .store('v128.store', MANTISSA_OFFSET + pair * PAIR_BYTES + 16 * half)
  }
}

function emitSideBySide(e: Emission, rows: number): void {
  const { c, view, source, panel } = e
  const [from, block, counter] = [c.local('i32'), c.local('i32'), c.local('i32')]
  const advance = () => {
    c.get(from)
      .i32(4 * view.stride * BLOCK)
      .op('i32.add')
      .set(from)
    c.get(block).i32(BLOCK_BYTES).op('i32.add').set(block)
  }
  c.get(source).set(from).get(panel).set(block).i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(Math.floor(view.length / BLOCK)),
    1,
    () => {
      emitSideBlock(e, from, block, BLOCK, rows)
      advance()
    },
  )
  if (view.length % BLOCK > 0) emitSideBlock(e, from, block, view.length % BLOCK, rows)
}

/** Packs a view into panels. Pointers: the f32 tensor, the panels. */
export function quantiseKernel(view: MatrixView, width: QuantisedDType, fixed: boolean): KernelSource {
  const panels = Math.ceil(view.rows / PANEL_ROWS)
  const blocks = Math.ceil(view.length / BLOCK)
  const batches = view.batchSizes.reduce((n, size) => n * size, 1)
  return {
    key: `quantise ${JSON.stringify(view)} ${width} ${fixed}`,
    tasks: batches * panels,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end, flag] = [0, 1, 2, 3, 4]
      const [task, batch, source, panel, peak] = [
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('v128'),
      ]
      const e: Emission = { c, view, width, fixed, peak, source, panel }
      const along = view.stride === 1 && view.rowStride !== 1
      const emitPanel = (rows: number) => (along ? emitAlongRows(e, rows) : emitSideBySide(e, rows))
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          c.get(task).i32(panels).op('i32.div_u').set(batch)
          pushOffset(c, batch, view.batchSizes, view.batchStrides)
          c.get(task)
            .i32(panels)
            .op('i32.rem_u')
            .i32(PANEL_ROWS * view.rowStride)
            .op('i32.mul')
            .op('i32.add')
          c.i32(2).op('i32.shl').get(x).op('i32.add').set(source)
          c.get(out)
            .get(task)
            .i32(blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
            .set(panel)
          const rest = view.rows % PANEL_ROWS
          if (rest === 0) emitPanel(PANEL_ROWS)
          else {
            c.get(task)
              .i32(panels)
              .op('i32.rem_u')
              .i32(panels - 1)
              .op('i32.eq')
            c.if(
              () => emitPanel(rest),
              () => emitPanel(PANEL_ROWS),
            )
          }
        },
      )
      emitFlag(c, peak, flag, LIMIT_BITS)
    },
  }
}

/** Unpacks panels of [rows, length] into canonical f32, row-major. A task is one row. */
export function dequantiseKernel(rows: number, length: number, batches: number): KernelSource {
  const blocks = Math.ceil(length / BLOCK)
  const panels = Math.ceil(rows / PANEL_ROWS)
  return {
    key: `dequantise ${rows} ${length}`,
    tasks: batches * rows,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end] = [0, 1, 2, 3]
      const [task, row, base, k, at, value] = [
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('f32'),
      ]
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          c.get(task).i32(rows).op('i32.rem_u').set(row)
          c.get(x)
            .get(task)
            .i32(rows)
            .op('i32.div_u')
            .i32(panels * blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
          c.get(row)
            .i32(PANEL_ROWS)
            .op('i32.div_u')
            .i32(blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
          c.get(row).i32(PANEL_ROWS).op('i32.rem_u').i32(2).op('i32.shl').op('i32.add').set(base)
          c.i32(0).set(k)
          c.while(
            k,
            () => c.i32(length),
            1,
            () => {
              c.get(base).get(k).i32(BLOCK).op('i32.div_u').i32(BLOCK_BYTES).op('i32.mul').op('i32.add').set(at)
              c.get(at)
                .get(k)
                .i32(BLOCK)
                .op('i32.rem_u')
                .i32(1)
                .op('i32.shr_u')
                .i32(PAIR_BYTES)
                .op('i32.mul')
                .op('i32.add')
              c.get(k).i32(1).op('i32.and').i32(1).op('i32.shl').op('i32.add').load('i32.load16_s', MANTISSA_OFFSET)
              c.op('f32.convert_i32_s').get(at).load('f32.load').op('f32.mul').set(value)
              c.get(out).get(task).i32(length).op('i32.mul').get(k).op('i32.add').i32(2).op('i32.shl').op('i32.add')
              // A nonzero mantissa times 2^s is at least 2^-62 and at most 2^55: always canonical.
              c.get(value).store('f32.store')
            },
          )
        },
      )
    },
  }
}
