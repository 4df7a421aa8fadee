/**
 * The exponent-interval check of N0: walks an element program with value ranges (`ranges.ts`) and proves that, for
 * inputs in the domain, no intermediate f32 is nonzero below 2^-125, none overflows, and nothing depends on the sign
 * of a zero. Devices that flush subnormals or ignore the sign of zero then cannot differ from those that do not.
 */
import type { ElementProgram, Instruction, Opcode } from './program.ts'
import * as ranges from './ranges.ts'
import { ANY_INTEGER, type FloatRange, float, type IntegerRange, integer, type Range } from './ranges.ts'

/** What may be assumed of an operator's input tensor; the domain of N0 unless the operator narrows it. */
export interface InputRange {
  readonly min: number
  readonly max: number
}

export interface IntervalFinding {
  readonly instruction: number
  readonly opcode: Opcode
  readonly problem: 'underflow' | 'overflow' | 'conversion' | 'signOfZero'
  readonly detail: string
}

const DOMAIN: InputRange = { min: -(2 ** 60), max: 2 ** 60 }
const DOMAIN_LOW = -100
const SMALLEST_ALLOWED = -125
const SMALLEST_NORMAL_BITS = 0x00800000
const INFINITY_BITS = 0x7f800000

type Transfer = (operands: Range[], immediates: readonly number[], inputs: readonly InputRange[]) => Range
const f = (range: Range | undefined) => range as FloatRange
const i = (range: Range | undefined) => range as IntegerRange
const { min, max, floor, ceil } = Math

const bool: Transfer = () => ({ kind: 'bool' })
const loaded = (range: InputRange) => float(range.min, range.max, DOMAIN_LOW, DOMAIN_LOW - 23)

/** The range of every instruction's result; `ranges.ts` has what takes more than a line. */
const transfer: Record<Opcode, Transfer> = {
  constantF32: (_, [bits]) => ranges.constantFloat(bits as number),
  constantI32: (_, [value]) => integer(value as number, value as number),
  coordinate: () => integer(0, 2 ** 31 - 1),
  loadF32: (_, [input], inputs) => loaded(inputs[input as number] ?? DOMAIN),
  gatherF32: (_, [input], inputs) => {
    const range = inputs[input as number] ?? DOMAIN
    return loaded({ min: min(range.min, 0), max: max(range.max, 0) }) // out of range reads +0
  },
  loadI32: () => ANY_INTEGER,
  addF32: ([a, b]) => ranges.sum(f(a), f(b)),
  subF32: ([a, b]) => ranges.difference(f(a), f(b)),
  mulF32: ([a, b]) => ranges.product(f(a), f(b)),
  minF32: ([a, b]) => ranges.choice(f(a), f(b), min(f(a).min, f(b).min), min(f(a).max, f(b).max)),
  maxF32: ([a, b]) => ranges.choice(f(a), f(b), max(f(a).min, f(b).min), max(f(a).max, f(b).max)),
  flush: ([a], [t]) => ranges.flushed(f(a), t as number),
  lessF32: bool,
  lessI32: bool,
  lessU32: bool,
  equalI32: bool,
  selectF32: ([, a, b]) => ranges.choice(f(a), f(b), min(f(a).min, f(b).min), max(f(a).max, f(b).max)),
  selectI32: ([, a, b]) => integer(min(i(a).min, i(b).min), max(i(a).max, i(b).max)),
  addI32: ([a, b]) => integer(i(a).min + i(b).min, i(a).max + i(b).max),
  subI32: ([a, b]) => integer(i(a).min - i(b).max, i(a).max - i(b).min),
  mulI32: () => ANY_INTEGER,
  mulHighU32: () => ANY_INTEGER,
  andI32: ([a, b]) => ranges.and(i(a), i(b)),
  orI32: ([a, b]) => ranges.or(i(a), i(b)),
  xorI32: () => ANY_INTEGER,
  minI32: ([a, b]) => integer(min(i(a).min, i(b).min), min(i(a).max, i(b).max)),
  maxI32: ([a, b]) => integer(max(i(a).min, i(b).min), max(i(a).max, i(b).max)),
  shiftLeft: ([a], [n]) => integer(i(a).min * 2 ** (n as number), i(a).max * 2 ** (n as number)),
  shiftRight: ([a], [n]) => integer(floor(i(a).min / 2 ** (n as number)), floor(i(a).max / 2 ** (n as number))),
  shiftRightU: ([a], [n]) =>
    i(a).min >= 0
      ? integer(i(a).min >>> (n as number), i(a).max >>> (n as number))
      : integer(0, 0xffffffff >>> (n as number)),
  bitsOfF32: ([a]) => ranges.bitsOfRange(f(a)),
  f32OfBits: ([a]) => ranges.fromBits(i(a)),
  f32OfI32: ([a]) => ranges.fromInteger(i(a)),
  i32OfF32: ([a]) => integer(floor(f(a).min), ceil(f(a).max)),
  gatherI32: () => ANY_INTEGER,
}

type Problem = readonly [IntervalFinding['problem'], string]

function arithmeticProblem(range: Range): Problem | undefined {
  const { min: least, max: most, low } = f(range)
  if (low < SMALLEST_ALLOWED && (least !== 0 || most !== 0)) return ['underflow', `nonzero result down to 2^${low}`]
  if (max(-least, most) >= 2 ** 128) return ['overflow', `result up to ${max(-least, most)}`]
  return undefined
}

/** Bits become a float: a subnormal would be flushed by some devices, an infinity or NaN has no meaning in cn1. */
function bitsProblem({ magnitude }: IntegerRange): Problem | undefined {
  if (magnitude.max >= INFINITY_BITS) return ['overflow', `magnitude bits up to ${magnitude.max}`]
  if (magnitude.max > 0 && magnitude.min < SMALLEST_NORMAL_BITS) {
    return ['underflow', `magnitude bits from ${magnitude.min}`]
  }
  return undefined
}

function conversionProblem(operand: FloatRange): Problem | undefined {
  const fits = operand.min > -(2 ** 31) && operand.max < 2 ** 31
  return fits ? undefined : ['conversion', `operand in [${operand.min}, ${operand.max}]`]
}

const problems: { readonly [O in Opcode]?: (range: Range, operands: readonly Range[]) => Problem | undefined } = {
  constantF32: range => arithmeticProblem(range),
  addF32: range => arithmeticProblem(range),
  subF32: range => arithmeticProblem(range),
  mulF32: range => arithmeticProblem(range),
  i32OfF32: (_, [operand]) => conversionProblem(f(operand)),
  f32OfBits: (_, [operand]) => bitsProblem(i(operand)),
  bitsOfF32: (_, [operand]) => (f(operand).minusZero ? ['signOfZero', 'the operand may be -0'] : undefined),
}

/** Returns the range of every instruction's result; those after a finding need not hold. */
export function intervalsOf(program: ElementProgram, inputs: readonly InputRange[] = []): Range[] {
  const found: Range[] = []
  for (const { opcode, operands, immediates } of program.instructions) {
    found.push(transfer[opcode](operandRanges(operands, found), immediates, inputs))
  }
  return found
}

const operandRanges = (operands: readonly number[], found: readonly Range[]) => operands.map(o => found[o] as Range)

/** Returns every instruction that could leave the safe ranges; empty means proven safe. */
export function checkIntervals(program: ElementProgram, inputs: readonly InputRange[] = []): IntervalFinding[] {
  const found = intervalsOf(program, inputs)
  return program.instructions.flatMap(({ opcode, operands }: Instruction, instruction) => {
    const problem = problems[opcode]?.(found[instruction] as Range, operandRanges(operands, found))
    return problem === undefined ? [] : [{ instruction, opcode, problem: problem[0], detail: problem[1] }]
  })
}
