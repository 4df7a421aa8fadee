/**
 * The interpreter of element programs: the readable meaning of the scalar language, one row an instruction.
 * The reference backend compiles programs to JavaScript for speed (`to-javascript.ts`) and must agree with this.
 */
import { bitsOf, type ElementProgram, floatOfBits, type Instruction, type Opcode } from './program.ts'

/** Where an element program reads its inputs: `get(input, index)`, undefined when the index is out of range. */
export interface ElementInputs {
  get(input: number, index: number): number | undefined
}

export interface ElementResult {
  /** The canonical f32 value. */
  readonly value: number
  readonly diverged: boolean
}

/** SPEC: N0. 2^-100 and 2^60 as bit patterns; compared as integers so that infinities need no special case. */
export const CANON_LOW_BITS = 0x0d800000
export const CANON_HIGH_BITS = 0x5d800000

const MAGIC = 6755399441055744 // 1.5 * 2^52: adding it to a double rounds to an integer, ties to even

/** Rounds to the nearest integer, ties to even, for |x| < 2^51. */
export function roundToEven(x: number): number {
  return x + MAGIC - MAGIC
}

/** Returns the high 32 bits (as i32) of the unsigned product. */
export function mulHighU32(a: number, b: number): number {
  return Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0
}

const { fround } = Math
const magnitudeBits = (x: number) => bitsOf(x) & 0x7fffffff

type Step = (operands: number[], immediates: readonly number[]) => number
type PureOpcode = Exclude<Opcode, 'coordinate' | 'loadF32' | 'loadI32' | 'gatherF32' | 'gatherI32'>

const meaning: Record<PureOpcode, Step> = {
  constantF32: (_, [bits]) => floatOfBits(bits as number),
  constantI32: (_, [value]) => value as number,
  addF32: ([a, b]) => fround((a as number) + (b as number)),
  subF32: ([a, b]) => fround((a as number) - (b as number)),
  mulF32: ([a, b]) => fround((a as number) * (b as number)),
  minF32: ([a, b]) => ((b as number) < (a as number) ? (b as number) : (a as number)),
  maxF32: ([a, b]) => ((a as number) < (b as number) ? (b as number) : (a as number)),
  flush: ([a], [t]) => (magnitudeBits(a as number) < bitsOf(2 ** (t as number)) ? 0 : (a as number)),
  lessF32: ([a, b]) => Number((a as number) < (b as number)),
  lessI32: ([a, b]) => Number((a as number) < (b as number)),
  lessU32: ([a, b]) => Number((a as number) >>> 0 < (b as number) >>> 0),
  equalI32: ([a, b]) => Number(a === b),
  selectF32: ([c, a, b]) => (c ? (a as number) : (b as number)),
  selectI32: ([c, a, b]) => (c ? (a as number) : (b as number)),
  addI32: ([a, b]) => ((a as number) + (b as number)) | 0,
  subI32: ([a, b]) => ((a as number) - (b as number)) | 0,
  mulI32: ([a, b]) => Math.imul(a as number, b as number),
  mulHighU32: ([a, b]) => mulHighU32(a as number, b as number),
  andI32: ([a, b]) => (a as number) & (b as number),
  orI32: ([a, b]) => (a as number) | (b as number),
  xorI32: ([a, b]) => (a as number) ^ (b as number),
  minI32: ([a, b]) => Math.min(a as number, b as number),
  maxI32: ([a, b]) => Math.max(a as number, b as number),
  shiftLeft: ([a], [n]) => (a as number) << (n as number),
  shiftRight: ([a], [n]) => (a as number) >> (n as number),
  shiftRightU: ([a], [n]) => ((a as number) >>> (n as number)) | 0,
  bitsOfF32: ([a]) => bitsOf(a as number) | 0,
  f32OfBits: ([a]) => floatOfBits((a as number) >>> 0),
  f32OfI32: ([a]) => fround(a as number),
  i32OfF32: ([a]) => roundToEven(a as number) | 0,
}

/** Returns the linear index that an affine load reads at the given coordinates. */
function affineIndex(immediates: readonly number[], coordinates: readonly number[]): number {
  return coordinates.reduce((sum, c, axis) => sum + c * (immediates[axis + 2] ?? 0), immediates[1] as number)
}

/** An element of an input; the index may be out of range. */
export interface Place {
  readonly input: number
  readonly index: number
}

/** Returns what an instruction reads, given its operands' values; undefined where it reads no input. */
export function placeOf(
  { opcode, immediates }: Instruction,
  operands: readonly number[],
  coordinates: readonly number[],
): Place | undefined {
  const input = immediates[0] as number
  if (opcode === 'loadF32' || opcode === 'loadI32') return { input, index: affineIndex(immediates, coordinates) }
  if (opcode === 'gatherF32' || opcode === 'gatherI32') return { input, index: operands[0] as number }
  return undefined
}

/** Computes an instruction that reads no input. */
export function computed(
  { opcode, immediates }: Instruction,
  operands: number[],
  coordinates: readonly number[],
): number {
  if (opcode === 'coordinate') return coordinates[immediates[0] as number] as number
  return meaning[opcode as PureOpcode](operands, immediates)
}

/** SPEC: N0 `canon`: magnitudes below 2^-100 become +0; 2^60 and above raise `diverged`. */
export function canonicalise(value: number): ElementResult {
  const magnitude = magnitudeBits(value)
  if (magnitude < CANON_LOW_BITS) return { value: 0, diverged: false }
  return { value, diverged: magnitude >= CANON_HIGH_BITS }
}

/** Computes the value of every instruction at the given output coordinates. */
export function evaluateInstructions(
  program: ElementProgram,
  inputs: ElementInputs,
  coordinates: readonly number[],
): { readonly values: readonly number[]; readonly outOfRange: boolean } {
  const values: number[] = []
  let outOfRange = false
  const read = ({ input, index }: Place) => {
    const value = inputs.get(input, index)
    if (value === undefined) outOfRange = true
    return value ?? 0
  }
  for (const instruction of program.instructions) {
    const operands = instruction.operands.map(o => values[o] as number)
    const place = placeOf(instruction, operands, coordinates)
    values.push(place === undefined ? computed(instruction, operands, coordinates) : read(place))
  }
  return { values, outOfRange }
}

/** Computes one element of an operator's output at the given output coordinates. */
export function evaluateElement(
  program: ElementProgram,
  inputs: ElementInputs,
  coordinates: readonly number[],
): ElementResult {
  const { values, outOfRange } = evaluateInstructions(program, inputs, coordinates)
  const result = canonicalise(values[program.result] as number)
  return outOfRange ? { value: result.value, diverged: true } : result
}
