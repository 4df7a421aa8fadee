/**
 * Kernels of fused map operators: loops around vectors of four lanes. The rest of a row is one more vector whose lanes
 * beyond the end are computed and never stored. A kernel does tasks [begin, end) of its work, so threads can share it.
 */
import type { FusedProgram } from './fused-program.ts'
import { emitters, type LoopOpcode } from './instruction-emitters.ts'
import { emitFlag, type KernelSource } from './kernel.ts'
import {
  type Emission,
  LANE_BYTES,
  LANES,
  loopEmitters,
  pointerOf,
  pushRowAddress,
  type Vector,
} from './loop-emitters.ts'
import { planLoops } from './loop-nest.ts'
import { isGather, type MachineInstruction } from './machine-instruction.ts'

/** Elements per task of a one-loop kernel; a multiple of the widest step. */
const LINEAR_TASK = 1024
/**
 * PERF: programs are chains of dependent operations, so several vectors go through each instruction together; the
 * processor would otherwise wait. Measured (Zen 5): gelu's gradient 3.1 ms a vector at a time, 1.3 ms eight at a time,
 * although most values are then spilled; short programs are limited by memory and lose by the spilling.
 */
const LONG_PROGRAM = 40
const vectorsTogether = (instructions: number) => (instructions < LONG_PROGRAM ? 2 : 8)

/** Instructions that a vector goes through before the next vector's turn. */
const IN_TURN = 6

const writePointer = (program: FusedProgram, write: number) => program.reads.length + write
const isInLoop = (opcode: string): opcode is LoopOpcode => opcode in loopEmitters

function emitInstruction(e: Emission, index: number, vector: Vector): void {
  const { opcode, operands, immediates } = e.program.instructions[index] as MachineInstruction
  const locals = operands.map(o => vector.values[o] as number)
  if (isInLoop(opcode)) loopEmitters[opcode](e, index, vector)
  else emitters[opcode](e.c, locals, immediates)
  vector.values[index] ??= e.c.local('v128')
  e.c.set(vector.values[index])
}

/**
 * Emits the instructions of one loop depth, a few for each vector in turn.
 * PERF: the few are consecutive, so that most values between them stay in registers; more would leave the vectors'
 * chains too far apart for the processor to overlap them.
 */
function emitDepth(e: Emission, depth: number, vectors: readonly Vector[]): void {
  const indices = e.nest.depth.flatMap((own, index) => (own === depth ? [index] : []))
  for (let at = 0; at < indices.length; at += IN_TURN) {
    for (const vector of vectors) {
      for (const index of indices.slice(at, at + IN_TURN)) emitInstruction(e, index, vector)
    }
  }
}

/** Computes the row addresses that the innermost loop adds its counter to; returns those of the writes. */
function emitRowAddresses(e: Emission): number[] {
  const { c, nest, program } = e
  const kept = () => {
    const local = c.local('i32')
    c.set(local)
    return local
  }
  program.instructions.forEach(({ immediates }, index) => {
    const strides = nest.strides[index] as number[]
    if ((strides.at(-1) ?? 0) === 0) return
    const [read, offset] = immediates as [number, number]
    pushRowAddress(e, pointerOf(read), offset, strides)
    e.rows.set(index, kept())
  })
  return program.writes.map((_, write) => {
    pushRowAddress(e, writePointer(program, write), 0, nest.outputStrides)
    return kept()
  })
}

function emitStores({ c, program, counters }: Emission, rows: readonly number[], vector: Vector): void {
  const { place, lanes, values } = vector
  program.writes.forEach(({ value }, write) => {
    const push = () =>
      c
        .get(rows[write] as number)
        .get(counters.at(-1) as number)
        .op('i32.add')
        .get(values[value] as number)
    if (lanes === LANES) push().store('v128.store', LANE_BYTES * place)
    else for (let lane = 0; lane < lanes; lane++) push().storeLane(4 * lane, lane)
  })
}

/** The innermost loop over bytes [counter, 4n): several vectors, then single ones, then the rest of the row. */
function emitInnermost(e: Emission, end: number, outer: Vector): void {
  const { c, nest, counters } = e
  const counter = counters.at(-1) as number
  const size = nest.sizes.at(-1) as number
  const depth = nest.sizes.length
  const rows = emitRowAddresses(e)
  const emitVectors = (count: number, lanes: number) => {
    const vectors: Vector[] = Array.from({ length: count }, (_, place) => ({ place, lanes, values: [...outer.values] }))
    emitDepth(e, depth, vectors)
    for (const vector of vectors) emitStores(e, rows, vector)
  }
  const emitSteps = (count: number) =>
    c.while(
      counter,
      () =>
        c
          .get(end)
          .i32(-LANE_BYTES * count)
          .op('i32.and'),
      LANE_BYTES * count,
      () => emitVectors(count, LANES),
    )
  const together = vectorsTogether(nest.depth.filter(own => own === depth).length)
  const vectors = Math.floor(size / LANES)
  if (vectors >= together) emitSteps(together)
  if (vectors % together > 0) emitSteps(1)
  if (size % LANES === 0) return
  c.get(counter).get(end).op('i32.lt_s')
  c.if(() => emitVectors(1, size % LANES))
}

function emitLoops(e: Emission, begin: number, end: number): void {
  const { c, nest, counters } = e
  const outer: Vector = { place: 0, lanes: LANES, values: [] }
  const last = nest.sizes.length - 1
  const inner = counters[last] as number
  const innerEnd = c.local('i32')
  const bytes = 4 * (nest.sizes[last] as number)
  emitDepth(e, 0, [outer])
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
    emitInnermost(e, innerEnd, outer)
    return
  }
  const nested = (loop: number) => {
    if (loop === last) {
      c.i32(0).set(inner).i32(bytes).set(innerEnd)
      emitInnermost(e, innerEnd, outer)
      return
    }
    const counter = counters[loop] as number
    if (loop === 0) c.get(begin).set(counter)
    else c.i32(0).set(counter)
    const pushEnd = () => (loop === 0 ? c.get(end) : c.i32(nest.sizes[loop] as number))
    c.while(counter, pushEnd, 1, () => {
      emitDepth(e, loop + 1, [outer])
      nested(loop + 1)
    })
  }
  nested(0)
}

/** Describes the kernel of a fused program. `sizes` are the element counts of the tensors it reads. */
export function mapKernel(program: FusedProgram, sizes: readonly number[]): KernelSource {
  const nest = planLoops(program)
  const gathers = program.instructions.some(i => isGather(i.opcode))
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
      const e: Emission = { c, program, nest, gatherSizes: sizes, counters, peak: c.local('v128'), rows: new Map() }
      emitLoops(e, begin, end)
      emitFlag(c, e.peak, flag)
    },
  }
}
