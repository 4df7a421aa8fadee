/**
 * One program for a group of map operators: their element programs joined, each result canonicalised where the
 * unfused graph would store it (N4), so that fusion cannot be seen. Equal instructions appear once.
 */
import type { Graph, Node } from '../../graph.ts'
import type { MapName, OperatorAttributes } from '../../operators/attributes.ts'
import { elementProgram } from '../../operators/programs.ts'
import type { ElementProgram, Instruction, Opcode } from '../../scalar/program.ts'
import { type Shape, stridesOf } from '../../tensor-type.ts'
import { isGather, type MachineInstruction } from './machine-instruction.ts'
import { machineBuilder } from './machine-program.ts'

export interface FusedProgram {
  readonly shape: Shape
  /** A load's first immediate numbers `reads`. */
  readonly instructions: readonly MachineInstruction[]
  /** Node ids of the tensors it loads from; gathers need their element counts. */
  readonly reads: readonly number[]
  /** Node ids of the tensors it stores, and the instruction that holds each value. */
  readonly writes: readonly { readonly node: number; readonly value: number }[]
}

/** Tells whether a load reads exactly the element being computed. */
function isIdentity(instruction: Instruction, shape: Shape): boolean {
  const [, offset, ...strides] = instruction.immediates
  const own = stridesOf(shape)
  return offset === 0 && shape.every((n, axis) => n === 1 || strides[axis] === own[axis])
}

const loads: ReadonlySet<Opcode> = new Set<Opcode>(['loadF32', 'loadI32', 'gatherF32', 'gatherI32'])

/** Returns the element program of a map node. */
export function programOf(graph: Graph, node: Node): ElementProgram {
  const inputs = node.inputs.map(id => graph.nodes[id] as Node)
  return elementProgram(node.operator as MapName, inputs, node, node.attributes as OperatorAttributes[MapName])
}

/** Tells whether every use of input `input` in a program is an identity load (so that producer and user can fuse). */
export function readsOnlyIdentity(
  program: ElementProgram,
  inputs: readonly number[],
  producer: number,
  shape: Shape,
): boolean {
  return program.instructions.every(instruction => {
    if (!loads.has(instruction.opcode) || inputs[instruction.immediates[0] as number] !== producer) return true
    return instruction.opcode === 'loadF32' && isIdentity(instruction, shape)
  })
}

type Write = FusedProgram['writes'][number]

/** Leaves out what neither a write nor the flag needs, and renumbers the rest. */
function needed(instructions: readonly MachineInstruction[], writes: readonly Write[]) {
  const used = new Set(writes.map(({ value }) => value))
  for (let index = instructions.length - 1; index >= 0; index--) {
    const { opcode, operands } = instructions[index] as MachineInstruction
    if (opcode === 'watch' || isGather(opcode)) used.add(index)
    if (used.has(index)) for (const operand of operands) used.add(operand)
  }
  const order = [...used].sort((a, b) => a - b)
  const renumbered = new Map(order.map((old, index) => [old, index]))
  const number = (old: number) => renumbered.get(old) as number
  return {
    instructions: order.map(old => {
      const instruction = instructions[old] as MachineInstruction
      return { ...instruction, operands: instruction.operands.map(number) }
    }),
    writes: writes.map(({ node, value }) => ({ node, value: number(value) })),
  }
}

/** Joins the programs of `members` (ascending ids, one shape); `root` maps a node to the one that owns its memory. */
export function fuse(
  graph: Graph,
  members: readonly number[],
  stored: ReadonlySet<number>,
  program: (node: number) => ElementProgram,
  root: (node: number) => number,
): FusedProgram {
  const reads: number[] = []
  const isComputed = (read: number) => graph.nodes[reads[read] as number]?.operator !== 'input'
  const { instructions, emit } = machineBuilder(isComputed)
  const values = new Map<number, number>()
  const shape = (graph.nodes[members[0] as number] as Node).shape
  const readIndex = (node: number) => {
    const at = reads.indexOf(root(node))
    return at >= 0 ? at : reads.push(root(node)) - 1
  }
  const writes: Write[] = []
  for (const id of members) {
    const node = graph.nodes[id] as Node
    const local: number[] = []
    for (const { opcode, operands, immediates } of program(id).instructions) {
      const mapped = operands.map(o => local[o] as number)
      const source = loads.has(opcode) ? (node.inputs[immediates[0] as number] as number) : -1
      const inGroup = values.get(source)
      if (source < 0) local.push(emit(opcode, mapped, immediates))
      else if (inGroup !== undefined) local.push(inGroup)
      else local.push(emit(opcode, mapped, [readIndex(source), ...immediates.slice(1)]))
    }
    const value = emit('canon', [local[program(id).result] as number], [])
    values.set(id, value)
    if (stored.has(id)) writes.push({ node: id, value })
  }
  return { shape, reads, ...needed(instructions, writes) }
}
