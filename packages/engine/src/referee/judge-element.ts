/**
 * The last word on one element, from opened values: the TypeScript twin of the contract's interpreter and its blocks.
 * Instructions mean what `scalar/evaluate.ts` says; new here is only that a load may be *absent*, because nobody opened
 * it. What depends on an absent value is absent, but a `select` that leaves it out is not, and an absent element is
 * refused. Not here: partial results (`partials.ts`); openings and roots, which the caller has checked.
 */
import { InputError } from '@cairn/primitives'
import { dequantise, quantise } from '../backend/reference/quantisation.ts'
import { allocateQuantised, decodeQuantised, encodeQuantised } from '../quantised-layout.ts'
import { canonicalise, computed, type Place, placeOf } from '../scalar/evaluate.ts'
import { bitsOf, type ElementProgram, floatOfBits, type Instruction, type Opcode, opcodes } from '../scalar/program.ts'
import { BLOCK, type QuantisedDType } from '../tensor-type.ts'
import { decodeElementProgram } from './element-code.ts'
import type { JudgedOperator, JudgedQuantise } from './judged-operator.ts'

/** What an element is: f32 bits, or an i32 as u32; and whether it leaves the domain. */
export interface Judgement {
  readonly bits: number
  readonly diverged: boolean
}

/** Returns the bits of an element that somebody opened, zero-extended; undefined where nobody did. */
export type OpenedRead = (input: number, index: number) => number | undefined

/** A value, or undefined where it is absent. */
type Value = number | undefined

const GATHERS: ReadonlySet<Opcode> = new Set<Opcode>(['gatherF32', 'gatherI32'])

const isPresent = (values: readonly Value[]): values is number[] => !values.includes(undefined)

/** Turns opened bits into what the interpreter computes with. */
const fromBits = ({ opcode }: Instruction, bits: Value): Value =>
  bits === undefined ? undefined : opcodes[opcode].result === 'f32' ? floatOfBits(bits) : bits | 0

function step(
  instruction: Instruction,
  operands: readonly Value[],
  coordinates: readonly number[],
  load: (place: Place) => Value,
): Value {
  if (instruction.opcode === 'selectF32' || instruction.opcode === 'selectI32') {
    const [condition, whenTrue, whenFalse] = operands
    return condition === undefined ? undefined : condition === 0 ? whenFalse : whenTrue
  }
  if (!isPresent(operands)) return undefined
  const place = placeOf(instruction, operands, coordinates)
  return place === undefined ? computed(instruction, operands, coordinates) : fromBits(instruction, load(place))
}

/** Decodes code as a value: bytes that are no code show nothing. */
function programOf(code: Uint8Array, rank: number, inputs: number): ElementProgram | undefined {
  try {
    return decodeElementProgram(code, { rank, inputs })
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/**
 * Computes one element of a map operator at the given coordinates. `counts` are the elements of every input: a place
 * beyond them reads 0 and leaves the domain, opened or not. Undefined where a value is missing, or the code is none.
 */
export function judgeMap(
  code: Uint8Array,
  coordinates: readonly number[],
  counts: readonly number[],
  read: OpenedRead,
): Judgement | undefined {
  const program = programOf(code, coordinates.length, counts.length)
  if (program === undefined) return undefined
  let outOfRange = false
  const load = ({ input, index }: Place) => {
    const isInside = index >= 0 && index < (counts[input] as number)
    outOfRange ||= !isInside
    return isInside ? read(input, index) : 0
  }
  const values: Value[] = []
  for (const instruction of program.instructions) {
    const operands = instruction.operands.map(operand => values[operand])
    // SAFETY: where a load reads is always known, or it could leave the range unseen.
    if (GATHERS.has(instruction.opcode) && !isPresent(operands)) return undefined
    values.push(step(instruction, operands, coordinates, load))
  }
  const [value, last] = [values[program.result], program.instructions[program.result] as Instruction]
  if (value === undefined) return undefined
  if (opcodes[last.opcode].result === 'i32') return { bits: value >>> 0, diverged: outOfRange }
  const { bits, diverged } = judgeValue(bitsOf(value))
  return { bits, diverged: diverged || outOfRange }
}

/** Canonicalises f32 bits: what the last partial result makes of an element. SPEC: N0. */
export function judgeValue(bits: number): Judgement {
  const { value, diverged } = canonicalise(floatOfBits(bits))
  return { bits: bitsOf(value), diverged }
}

/** Quantises the f32 bits of one block; a row's last block may have fewer than 32. SPEC: N1. */
export function judgeQuantisedBlock(
  { dtype, fixed }: JudgedQuantise,
  bits: readonly number[],
): { readonly block: Uint8Array; readonly diverged: boolean } {
  const width = dtype as QuantisedDType
  const out = allocateQuantised([bits.length])
  const options = { width, axis: -1, fixed: fixed === 1 } as const
  const diverged = quantise(Float32Array.from(bits, floatOfBits), [1, bits.length], options, out)
  return { block: encodeQuantised(width, out), diverged }
}

/** Turns one element of an opened block back into f32; never leaves the domain. SPEC: N1. */
export function judgeDequantised(dtype: QuantisedDType, block: Uint8Array, within: number): Judgement {
  const out = new Float32Array(BLOCK)
  dequantise(decodeQuantised(dtype, [BLOCK], block), BLOCK, out)
  return { bits: bitsOf(out[within] as number), diverged: false }
}

/** Tells whether an opened index of a scatter-add names no row, so that the operator leaves the domain. */
export function isIndexOutOfRange({ shape }: JudgedOperator, bits: number): boolean {
  return bits >>> 0 >= (shape[0] as number)
}
