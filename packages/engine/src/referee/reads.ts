/**
 * What an honest party has to open for an element: all that its value, and whether it leaves the domain, depend on, and
 * nothing else. Not here: partial results, which know their operands (`partials.ts`).
 */
import { type ElementInputs, evaluateInstructions, type Place, placeOf } from '../scalar/evaluate.ts'
import type { ElementProgram, Instruction } from '../scalar/program.ts'
import { BLOCK, blockCount, type Shape } from '../tensor-type.ts'

const isSelect = ({ opcode }: Instruction) => opcode === 'selectF32' || opcode === 'selectI32'

/** Operands that the value of an instruction depends on: a select has its condition and what it selects. */
function neededOperands(instruction: Instruction, values: readonly number[]): readonly number[] {
  if (!isSelect(instruction)) return instruction.operands
  const [condition, whenTrue, whenFalse] = instruction.operands as [number, number, number]
  return [condition, values[condition] === 0 ? whenFalse : whenTrue]
}

/**
 * Returns the places that the element's program needs, each once, in the order of its instructions. A load that a
 * select leaves out is not needed, one out of range needs no opening; but what the index of any gather depends on does.
 */
export function elementReads(
  program: ElementProgram,
  coordinates: readonly number[],
  inputs: ElementInputs,
): readonly Place[] {
  const { instructions, result } = program
  const { values } = evaluateInstructions(program, inputs, coordinates)
  const places = instructions.map(instruction => {
    const operands = instruction.operands.map(operand => values[operand] as number)
    return placeOf(instruction, operands, coordinates)
  })
  const isOutside = (place: Place | undefined) =>
    place !== undefined && inputs.get(place.input, place.index) === undefined
  const indices = instructions.flatMap(({ opcode, operands }) =>
    opcode === 'gatherF32' || opcode === 'gatherI32' ? operands : [],
  )
  const needed = new Set([result, ...indices])
  for (let n = instructions.length - 1; n >= 0; n--) {
    if (needed.has(n)) for (const operand of neededOperands(instructions[n] as Instruction, values)) needed.add(operand)
  }
  const read = places.filter((place, n): place is Place => place !== undefined && needed.has(n) && !isOutside(place))
  return [...new Map(read.map(place => [`${place.input}/${place.index}`, place])).values()]
}

/** Returns which elements of its input one block of a quantised tensor of this shape holds. */
export function blockElements(shape: Shape, block: number): { readonly first: number; readonly count: number } {
  const length = shape.at(-1) as number
  const blocks = blockCount(length)
  const start = BLOCK * (block % blocks)
  return { first: Math.floor(block / blocks) * length + start, count: Math.min(BLOCK, length - start) }
}

/** Returns the block of a quantised tensor of this shape that holds an element, and its place in it. */
export function blockOfElement(shape: Shape, element: number): { readonly block: number; readonly within: number } {
  const length = shape.at(-1) as number
  const column = element % length
  return {
    block: Math.floor(element / length) * blockCount(length) + Math.floor(column / BLOCK),
    within: column % BLOCK,
  }
}
