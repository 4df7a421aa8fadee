/**
 * Operation counts: what prices are in. The same on every backend. A multiply-add is 2; a map operator counts the
 * arithmetic of its element program per element; sums and maxima 1 per input element; quantisation 4.
 */
import { type ElementProgram, type Opcode, opcodes } from '../scalar/program.ts'
import { elementCount, type TensorType } from '../tensor-type.ts'
import type { MapName, OperatorAttributes, OperatorName, SpecialAttributes } from './attributes.ts'
import { elementProgram } from './programs.ts'

type Count<N extends OperatorName> = (
  inputs: readonly TensorType[],
  output: TensorType,
  attributes: OperatorAttributes[N],
) => number

const perInputElement = (inputs: readonly TensorType[]) => elementCount((inputs[0] as TensorType).shape)
const QUANTISE_OPERATIONS = 4

const specialCounts: { readonly [N in keyof SpecialAttributes]: Count<N> } = {
  input: () => 0,
  constant: () => 0,
  reshape: () => 0,
  sum: perInputElement,
  maximum: perInputElement,
  scatterAdd: perInputElement,
  quantise: inputs => QUANTISE_OPERATIONS * perInputElement(inputs),
  dequantise: perInputElement,
  contract: (inputs, output) => 2 * elementCount(output.shape) * ((inputs[0] as TensorType).shape.at(-1) as number),
}

const notArithmetic: ReadonlySet<Opcode> = new Set(
  (Object.keys(opcodes) as Opcode[]).filter(opcode => opcodes[opcode].operands.length === 0),
)

/** Counts an element program's instructions that compute; constants, coordinates and loads are free. */
function programLength(program: ElementProgram): number {
  return program.instructions.filter(({ opcode }) => !notArithmetic.has(opcode)).length
}

export function isSpecial(name: OperatorName): name is keyof SpecialAttributes {
  return name in specialCounts
}

/** Returns the operations of one execution of an operator; an integer below 2^53 for every tensor that fits. */
export function operationCount<N extends OperatorName>(
  name: N,
  inputs: readonly TensorType[],
  output: TensorType,
  attributes: OperatorAttributes[N],
): number {
  if (isSpecial(name)) return (specialCounts[name] as Count<N>)(inputs, output, attributes)
  const map = name as MapName
  const program = elementProgram(map, inputs, output, attributes as OperatorAttributes[MapName])
  // A permutation or a gather moves one element: count it as one operation.
  return Math.max(1, programLength(program)) * elementCount(output.shape)
}
