/**
 * The loops of a map kernel: axes that every load walks in step are merged into one, and each instruction gets the
 * depth of the innermost loop it depends on, so that what is constant along an axis is computed outside it.
 */
import { type Shape, stridesOf } from '../../tensor-type.ts'
import type { FusedProgram } from './fused-program.ts'
import type { MachineInstruction } from './machine-instruction.ts'

export interface LoopNest {
  /** Trip counts, outermost first; at least one loop. */
  readonly sizes: readonly number[]
  /** The original axis that each loop's counter is (merged loops are never asked for). */
  readonly axisOf: readonly number[]
  /** Per instruction: 0 outside all loops, d inside loop d-1. */
  readonly depth: readonly number[]
  /** Per instruction: strides per loop for affine loads, else empty. */
  readonly strides: readonly (readonly number[])[]
  /** Strides of the output, per loop. */
  readonly outputStrides: readonly number[]
}

const isAffine = ({ opcode }: MachineInstruction) => opcode === 'loadF32' || opcode === 'loadI32'

/** Groups axes into loops: axis a joins the next when no coordinate is asked for and all strides agree. */
function mergeAxes(shape: Shape, strides: readonly (readonly number[])[], asked: ReadonlySet<number>): number[][] {
  const groups: number[][] = []
  shape.forEach((size, axis) => {
    if (size === 1) return
    const group = groups.at(-1)
    const before = group?.at(-1)
    const inStep = before !== undefined && strides.every(s => s[before] === (s[axis] as number) * size)
    if (group !== undefined && inStep && !asked.has(before as number) && !asked.has(axis)) group.push(axis)
    else groups.push([axis])
  })
  return groups.length === 0 ? [[shape.length - 1]] : groups
}

/** Plans the loops of a fused program. */
export function planLoops({ shape, instructions }: FusedProgram): LoopNest {
  const output = stridesOf(shape)
  const affine = instructions.filter(isAffine).map(i => i.immediates.slice(2))
  const asked = new Set(instructions.filter(i => i.opcode === 'coordinate').map(i => i.immediates[0] as number))
  const groups = mergeAxes(shape, [output, ...affine], asked)
  const perLoop = (strides: readonly number[]) => groups.map(group => strides[group.at(-1) as number] as number)
  const depth: number[] = []
  const strides = instructions.map(i => (isAffine(i) ? perLoop(i.immediates.slice(2)) : []))
  instructions.forEach((instruction, index) => {
    const ofOperands = instruction.operands.map(o => depth[o] as number)
    const ofLoad = (strides[index] as number[]).map((stride, loop) => (stride === 0 ? 0 : loop + 1))
    const loop = groups.findIndex(
      g => instruction.opcode === 'coordinate' && g.includes(instruction.immediates[0] as number),
    )
    depth.push(Math.max(0, loop + 1, ...ofOperands, ...ofLoad))
  })
  return {
    sizes: groups.map(group => group.reduce((n, axis) => n * (shape[axis] as number), 1)),
    axisOf: groups.map(group => group.at(-1) as number),
    depth,
    strides,
    outputStrides: perLoop(output),
  }
}
