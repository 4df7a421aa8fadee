/** The instructions whose code depends on where in the loops of a map kernel they stand: loads, coordinates, watches. */
import type { Code } from './assembler.ts'
import type { FusedProgram } from './fused-program.ts'
import type { LoopOpcode } from './instruction-emitters.ts'
import type { LoopNest } from './loop-nest.ts'
import type { MachineInstruction } from './machine-instruction.ts'

export const LANES = 4
export const LANE_BYTES = 16

export interface Emission {
  readonly c: Code
  readonly program: FusedProgram
  readonly nest: LoopNest
  readonly gatherSizes: readonly number[]
  /** Loop counters; the innermost counts bytes. */
  readonly counters: readonly number[]
  /** Largest magnitude bits seen, four lanes; decides `diverged`. */
  readonly peak: number
  /** Per load, the local that holds its address without the innermost counter. */
  readonly rows: Map<number, number>
}

/** One of the vectors that go through the instructions together. */
export interface Vector {
  /** Its place after the innermost counter, in vectors. */
  readonly place: number
  /** Lanes that lie within the row. */
  readonly lanes: number
  /** Local of every instruction's value. */
  readonly values: number[]
}

export const pointerOf = (read: number) => read

/** Pushes pointer + 4 * (offset + sum of counter * stride over the loops before the innermost). */
export function pushRowAddress(
  { c, nest, counters }: Emission,
  pointer: number,
  offset: number,
  strides: readonly number[],
): void {
  c.get(pointer)
  if (offset !== 0) c.i32(4 * offset).op('i32.add')
  for (let loop = 0; loop < nest.sizes.length - 1; loop++) {
    const stride = strides[loop] as number
    if (stride !== 0)
      c.get(counters[loop] as number)
        .i32(4 * stride)
        .op('i32.mul')
        .op('i32.add')
  }
}

/** Pushes four words `stride` bytes apart, from the address on the stack; lanes beyond `lanes` repeat the first. */
function pushStrided(c: Code, stride: number, lanes: number): void {
  const address = c.local('i32')
  c.tee(address).load('v128.load32_splat')
  for (let lane = 1; lane < lanes; lane++) {
    c.get(address)
      .i32(lane * stride)
      .op('i32.add')
      .load('i32.load')
      .lane('i32x4.replace_lane', lane)
  }
}

/** Pushes an affine load's value. */
function pushLoad(e: Emission, index: number, { place, lanes }: Vector): void {
  const { c, nest, counters } = e
  const strides = nest.strides[index] as number[]
  const [read, offset] = (e.program.instructions[index] as MachineInstruction).immediates as [number, number]
  const inner = strides.at(-1) as number
  const row = e.rows.get(index)
  if (row === undefined) pushRowAddress(e, pointerOf(read), offset, strides)
  else c.get(row)
  if (inner === 0) {
    c.load('v128.load32_splat')
    return
  }
  c.get(counters.at(-1) as number)
  if (inner !== 1)
    c.i32(LANE_BYTES * place)
      .op('i32.add')
      .i32(inner)
      .op('i32.mul')
  c.op('i32.add')
  if (inner === 1) c.load('v128.load', LANE_BYTES * place)
  else pushStrided(c, 4 * inner, lanes)
}

/** Pushes gathered words; an index out of range marks the peak and reads +0. */
function pushGather({ c, program, peak, gatherSizes }: Emission, index: number, { values, lanes }: Vector): void {
  const { operands, immediates } = program.instructions[index] as MachineInstruction
  const [read, operand] = [immediates[0] as number, values[operands[0] as number] as number]
  const [at, word] = [c.local('i32'), c.local('i32')]
  c.splat(0)
  for (let lane = 0; lane < lanes; lane++) {
    c.i32(0).set(word).get(operand).lane('i32x4.extract_lane', lane).tee(at)
    c.i32(gatherSizes[read] as number).op('i32.lt_u')
    c.if(
      () => c.get(pointerOf(read)).get(at).i32(2).op('i32.shl').op('i32.add').load('i32.load').set(word),
      () => c.splat(0x7fffffff).set(peak),
    )
    c.get(word).lane('i32x4.replace_lane', lane)
  }
}

function pushCoordinate({ c, nest, counters, program }: Emission, index: number, { place }: Vector): void {
  const axis = (program.instructions[index] as MachineInstruction).immediates[0] as number
  const loop = nest.axisOf.indexOf(axis)
  if (loop < 0)
    c.i32(0) // an axis of size 1
  else c.get(counters[loop] as number)
  const innermost = loop === nest.sizes.length - 1
  if (innermost) c.i32(2).op('i32.shr_u')
  c.simd('i32x4.splat')
  if (innermost) c.v128([0, 1, 2, 3].map(lane => LANES * place + lane)).simd('i32x4.add')
}

/** Takes a magnitude into the peak, lanes beyond the row left out, and pushes the peak. */
function pushWatch({ c, peak, program }: Emission, index: number, { values, lanes }: Vector): void {
  const operand = (program.instructions[index] as MachineInstruction).operands[0] as number
  c.get(peak).get(values[operand] as number)
  if (lanes < LANES) c.v128([0, 1, 2, 3].map(lane => (lane < lanes ? -1 : 0))).simd('v128.and')
  c.simd('i32x4.max_u').tee(peak)
}

type PushInLoop = (e: Emission, index: number, vector: Vector) => void
export const loopEmitters: { readonly [O in LoopOpcode]: PushInLoop } = {
  coordinate: pushCoordinate,
  loadF32: pushLoad,
  loadI32: pushLoad,
  gatherF32: pushGather,
  gatherI32: pushGather,
  watch: pushWatch,
}
