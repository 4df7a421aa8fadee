/**
 * Random element programs and inputs for property tests: every opcode, constants that bit tricks like, and values from
 * the edges of the domain (N0). Used by tests only.
 */
import type { Random } from '../conformance/values.ts'
import {
  bitsOf,
  type ElementProgram,
  floatOfBits,
  type Opcode,
  opcodes,
  type ProgramBuilder,
  programBuilder,
} from '../scalar/program.ts'

/** f32 inputs 0 and 1, and an i32 input 2, of this many elements each. */
export const INPUT_LENGTH = 16
export const RANDOM_PROGRAM_RANK = 2
const I32_INPUT = 2

const INTEGERS = [
  0,
  1,
  2,
  23,
  127,
  255,
  -1,
  -126,
  0x7fffff,
  0x3f800000,
  0x7fffffff,
  -(2 ** 31),
  0x5f3759df,
  1 << 23,
  -(3 << 23),
]
const FLOATS = [
  0,
  -0,
  2 ** -110,
  2 ** 80,
  1,
  -1,
  0.5,
  2,
  3,
  -0.3,
  1e-9,
  1e9,
  2 ** 60,
  -(2 ** 60),
  2 ** -100,
  2 ** -60,
  43,
  -70,
]

const oneOf = <T>(r: Random, values: readonly T[]): T => values[r.below(values.length)] as T

/** A canonical value: zero, an edge of the domain, or any sign, exponent and mantissa inside it. */
export function domainValue(r: Random): number {
  const kind = r.below(8)
  if (kind === 0) return 0
  if (kind === 1) return oneOf(r, [2 ** -100, -(2 ** -100), floatOfBits(0x5d7fffff), floatOfBits(0xdd7fffff), 1, -1])
  const exponent = kind < 5 ? 127 - 4 + r.below(8) : 27 + r.below(160)
  return floatOfBits(((r.word() & 0x807fffff) | (exponent << 23)) >>> 0)
}

function immediatesOf(r: Random, opcode: Opcode): number[] {
  const strides = Array.from({ length: RANDOM_PROGRAM_RANK }, () => r.below(2))
  const affine = (input: number) => [input, r.below(4), ...strides]
  const rows: { readonly [O in Opcode]?: () => number[] } = {
    constantF32: () => [bitsOf(r.below(3) === 0 ? domainValue(r) : oneOf(r, FLOATS))],
    constantI32: () => [r.below(3) === 0 ? r.word() | 0 : oneOf(r, INTEGERS)],
    coordinate: () => [r.below(RANDOM_PROGRAM_RANK)],
    loadF32: () => affine(r.below(I32_INPUT)),
    loadI32: () => affine(I32_INPUT),
    gatherF32: () => [r.below(I32_INPUT)],
    gatherI32: () => [I32_INPUT],
    flush: () => [r.below(160) - 100],
    shiftLeft: () => [r.below(32)],
    shiftRight: () => [r.below(32)],
    shiftRightU: () => [r.below(32)],
  }
  return rows[opcode]?.() ?? []
}

/** Limits for conversions: within and beyond what tricks with the mantissa can round. */
const LIMITS = [100, 2 ** 21, 2 ** 22, 2 ** 22 + 1, 2 ** 24, 2 ** 30]
/** Drawn more often than others: pairs of them are where shortcuts go wrong. */
const FREQUENT: readonly Opcode[] = ['flush', 'flush', 'minF32', 'maxF32', 'i32OfF32', 'f32OfI32', 'selectF32']

/** Clamps what is converted, or no program with a conversion would be proven safe. */
function clamped(builder: ProgramBuilder, r: Random, x: number): number {
  const limit = (sign: 1 | -1) => builder.emit('constantF32', [], [bitsOf(sign * oneOf(r, LIMITS))])
  return builder.emit('minF32', [builder.emit('maxF32', [x, limit(-1)]), limit(1)])
}

/** The last value; or a sum of loads, which canon must often judge. */
function resultOf(builder: ProgramBuilder, r: Random, known: readonly number[]): number {
  const load = () => builder.emit('loadF32', [], immediatesOf(r, 'loadF32'))
  if (known.length === 0 || r.below(4) === 0) return builder.emit(oneOf(r, ['addF32', 'subF32']), [load(), load()])
  return known.at(-1) as number
}

/** Returns a program of about `length` instructions, each over results of earlier ones; recent ones are likelier. */
export function randomProgram(r: Random, length: number): ElementProgram {
  const builder = programBuilder()
  const names = [...(Object.keys(opcodes) as Opcode[]), ...FREQUENT]
  const results: Record<string, number[]> = { f32: [], i32: [], bool: [] }
  for (let n = 0; n < length; n++) {
    const opcode = oneOf(r, names)
    const row = opcodes[opcode]
    if (row.operands.some(type => results[type]?.length === 0)) continue
    const operands = row.operands.map(type => {
      const known = results[type] as number[]
      const x = r.below(2) === 0 ? (known.at(-1 - r.below(Math.min(4, known.length))) as number) : oneOf(r, known)
      return opcode === 'i32OfF32' ? clamped(builder, r, x) : x
    })
    results[row.result]?.push(builder.emit(opcode, operands, immediatesOf(r, opcode)))
  }
  return builder.finish(resultOf(builder, r, results.f32 as number[]) as never)
}

/** Returns element readers for random inputs of a random program. */
export function randomInputs(r: Random): { get(input: number, index: number): number | undefined } {
  const values = [0, 1, 2].map(input =>
    Array.from({ length: INPUT_LENGTH }, () =>
      input === I32_INPUT ? oneOf(r, [...INTEGERS, r.word() | 0]) : domainValue(r),
    ),
  )
  return { get: (input, index) => values[input]?.[index] }
}
