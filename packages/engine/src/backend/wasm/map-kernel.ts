/**
 * Kernels of fused map operators. The innermost loop runs four lanes at a time, its rest one element at a time; both
 * are emitted from the same program. A kernel does tasks [begin, end) of its work, so threads can share it.
 */
import { type Opcode, opcodes } from '../../scalar/program.ts'
import type { Code, ValueType } from './assembler.ts'
import type { FusedInstruction, FusedProgram } from './fused-program.ts'
import { emitters, scalarTypes, type ValueOpcode } from './instruction-emitters.ts'
import { emitCanonScalar, emitCanonVector, emitFlag, type KernelSource } from './kernel.ts'
import { type LoopNest, planLoops } from './loop-nest.ts'

/** Elements per task of a one-loop kernel; a multiple of the lane count. */
const LINEAR_TASK = 1024
const LANE_BYTES = 16

interface Emission {
  readonly c: Code
  readonly program: FusedProgram
  readonly nest: LoopNest
  readonly gatherSizes: readonly number[]
  /** Loop counters; the innermost counts bytes. */
  readonly counters: readonly number[]
  /** Largest magnitude bits seen, four lanes; decides `diverged`. */
  readonly peak: number
  readonly values: Map<string, number>
}

type Mode = 'vector' | 'scalar'

const pointerOf = (read: number) => read
const writePointer = (program: FusedProgram, write: number) => program.reads.length + write

function valueType(instruction: FusedInstruction, mode: Mode): ValueType {
  if (mode === 'vector') return 'v128'
  return instruction.opcode === 'canon' ? 'f32' : scalarTypes[opcodes[instruction.opcode].result]
}

/** Pushes pointer + 4 * (offset + sum of counter * stride over the loops before the innermost). */
function pushRowAddress(
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

function emitLoad(e: Emission, instruction: FusedInstruction, index: number, mode: Mode): void {
  const { c, nest, counters } = e
  const strides = nest.strides[index] as number[]
  const [read, offset] = instruction.immediates as [number, number]
  const inner = strides.at(-1) as number
  const row = e.values.get(`row${index}`)
  if (row === undefined) pushRowAddress(e, pointerOf(read), offset, strides)
  else c.get(row)
  if (inner !== 0) {
    c.get(counters.at(-1) as number)
    if (inner !== 1) c.i32(inner).op('i32.mul')
    c.op('i32.add')
  }
  if (mode === 'scalar') c.load(instruction.opcode === 'loadF32' ? 'f32.load' : 'i32.load')
  else if (inner === 0) c.load('v128.load32_splat')
  else if (inner === 1) c.load('v128.load')
  else emitStrided(c, 4 * inner)
}

/** Loads four words `stride` bytes apart from the address on the stack. */
function emitStrided(c: Code, stride: number): void {
  const address = c.local('i32')
  c.tee(address).load('v128.load32_splat')
  for (let lane = 1; lane < 4; lane++) {
    c.get(address)
      .i32(lane * stride)
      .op('i32.add')
      .load('i32.load')
      .lane('i32x4.replace_lane', lane)
  }
}

/** Pushes one gathered word for the i32 index on the stack; an index out of range marks the peak and reads word 0. */
function emitGatherWord({ c, peak, gatherSizes }: Emission, read: number): void {
  const index = c.local('i32')
  c.set(index)
    .get(index)
    .i32(gatherSizes[read] as number)
    .op('i32.ge_u')
  c.if(() => c.splat(0x7fffffff).set(peak).i32(0).set(index))
  c.get(pointerOf(read)).get(index).i32(2).op('i32.shl').op('i32.add')
}

function emitGather(e: Emission, instruction: FusedInstruction, operand: number, mode: Mode): void {
  const read = instruction.immediates[0] as number
  if (mode === 'scalar') {
    e.c.get(operand)
    emitGatherWord(e, read)
    e.c.load('f32.load')
    return
  }
  e.c.splat(0)
  for (let lane = 0; lane < 4; lane++) {
    e.c.get(operand).lane('i32x4.extract_lane', lane)
    emitGatherWord(e, read)
    e.c.load('i32.load').lane('i32x4.replace_lane', lane)
  }
}

function emitCoordinate({ c, nest, counters }: Emission, axis: number, mode: Mode): void {
  const loop = nest.axisOf.indexOf(axis)
  if (loop < 0)
    c.i32(0) // an axis of size 1
  else c.get(counters[loop] as number)
  const innermost = loop === nest.sizes.length - 1
  if (innermost) c.i32(2).op('i32.shr_u')
  if (mode === 'vector') c.simd('i32x4.splat')
  if (mode === 'vector' && innermost) c.v128([0, 1, 2, 3]).simd('i32x4.add')
}

function emitCanon({ c, peak }: Emission, operand: number, mode: Mode): void {
  if (mode === 'vector') emitCanonVector(c, operand, peak, c.local('v128'))
  else emitCanonScalar(c, operand, peak, c.local('i32'))
}

function emitInstruction(e: Emission, index: number, mode: Mode): void {
  const instruction = e.program.instructions[index] as FusedInstruction
  const operands = instruction.operands.map(o => e.values.get(`${mode}${o}`) as number)
  if (instruction.opcode === 'canon') emitCanon(e, operands[0] as number, mode)
  else if (instruction.opcode === 'coordinate') emitCoordinate(e, instruction.immediates[0] as number, mode)
  else if (instruction.opcode === 'gatherF32') emitGather(e, instruction, operands[0] as number, mode)
  else if (instruction.opcode === 'loadF32' || instruction.opcode === 'loadI32') emitLoad(e, instruction, index, mode)
  else emitters[instruction.opcode as ValueOpcode][mode](e.c, operands, instruction.immediates)
  const key = `${mode}${index}`
  const local = e.values.get(key) ?? e.c.local(valueType(instruction, mode))
  e.values.set(key, local)
  e.c.set(local)
}

function emitDepth(e: Emission, depth: number): void {
  e.nest.depth.forEach((own, index) => {
    if (own === depth) emitInstruction(e, index, 'vector')
  })
}

/** Computes the row addresses that the innermost loop adds its counter to. */
function emitRowAddresses(e: Emission): number[] {
  const { c, nest, program } = e
  program.instructions.forEach((instruction, index) => {
    const strides = nest.strides[index] as number[]
    if ((strides.at(-1) ?? 0) === 0) return
    const [read, offset] = instruction.immediates as [number, number]
    pushRowAddress(e, pointerOf(read), offset, strides)
    const local = c.local('i32')
    e.values.set(`row${index}`, local)
    c.set(local)
  })
  return program.writes.map((_, write) => {
    pushRowAddress(e, writePointer(program, write), 0, nest.outputStrides)
    const local = c.local('i32')
    c.set(local)
    return local
  })
}

function emitStores({ c, program, counters, values }: Emission, rows: readonly number[], mode: Mode): void {
  program.writes.forEach(({ value }, write) => {
    c.get(rows[write] as number)
      .get(counters.at(-1) as number)
      .op('i32.add')
    c.get(values.get(`${mode}${value}`) as number).store(mode === 'vector' ? 'v128.store' : 'f32.store')
  })
}

/** The innermost loop over bytes [counter, 4n): whole vectors, then single elements. `end` holds 4n. */
function emitInnermost(e: Emission, end: number): void {
  const { c, nest, counters } = e
  const counter = counters.at(-1) as number
  const rows = emitRowAddresses(e)
  c.while(
    counter,
    () => c.get(end).i32(-LANE_BYTES).op('i32.and'),
    LANE_BYTES,
    () => {
      emitDepth(e, nest.sizes.length)
      emitStores(e, rows, 'vector')
    },
  )
  if ((nest.sizes.at(-1) as number) % 4 === 0) return
  c.while(
    counter,
    () => c.get(end),
    4,
    () => {
      e.program.instructions.forEach((_, index) => emitInstruction(e, index, 'scalar'))
      emitStores(e, rows, 'scalar')
    },
  )
}

function emitLoops(e: Emission, begin: number, end: number): void {
  const { c, nest, counters } = e
  const last = nest.sizes.length - 1
  const inner = counters[last] as number
  const innerEnd = c.local('i32')
  const bytes = 4 * (nest.sizes[last] as number)
  emitDepth(e, 0)
  if (last === 0) {
    c.get(begin)
      .i32(4 * LINEAR_TASK)
      .op('i32.mul')
      .set(inner)
    c.get(end)
      .i32(4 * LINEAR_TASK)
      .op('i32.mul')
      .set(innerEnd)
    c.i32(bytes).get(innerEnd).i32(bytes).get(innerEnd).op('i32.lt_u').op('select').set(innerEnd)
    emitInnermost(e, innerEnd)
    return
  }
  const nested = (loop: number) => {
    if (loop === last) {
      c.i32(0).set(inner).i32(bytes).set(innerEnd)
      emitInnermost(e, innerEnd)
      return
    }
    const counter = counters[loop] as number
    if (loop === 0) c.get(begin).set(counter)
    else c.i32(0).set(counter)
    const pushEnd = () => (loop === 0 ? c.get(end) : c.i32(nest.sizes[loop] as number))
    c.while(counter, pushEnd, 1, () => {
      emitDepth(e, loop + 1)
      nested(loop + 1)
    })
  }
  nested(0)
}

/** Describes the kernel of a fused program. `sizes` are the element counts of the tensors it reads. */
export function mapKernel(program: FusedProgram, sizes: readonly number[]): KernelSource {
  const nest = planLoops(program)
  const gathers = program.instructions.some(i => (i.opcode as Opcode) === 'gatherF32')
  const shapeKey = {
    instructions: program.instructions.map(i => [i.opcode, i.operands, i.immediates]),
    writes: program.writes.map(w => w.value),
  }
  const pointers = program.reads.length + program.writes.length
  return {
    key: `map ${JSON.stringify([program.shape, shapeKey, program.reads.length, gathers ? sizes : []])}`,
    tasks: nest.sizes.length === 1 ? Math.ceil((nest.sizes[0] as number) / LINEAR_TASK) : (nest.sizes[0] as number),
    pointers,
    emit(c) {
      const [begin, end, flag] = [pointers, pointers + 1, pointers + 2]
      const counters = nest.sizes.map(() => c.local('i32'))
      const e: Emission = { c, program, nest, gatherSizes: sizes, counters, peak: c.local('v128'), values: new Map() }
      emitLoops(e, begin, end)
      emitFlag(c, e.peak, flag)
    },
  }
}
