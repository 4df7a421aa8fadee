/**
 * The exponent-interval check of N0: walks an element program with value intervals and proves that, for inputs in
 * the domain, no intermediate f32 is nonzero below 2^-125 and none overflows. Devices that flush subnormals and
 * devices that keep them then cannot differ.
 *
 * A float is known by: real bounds [min, max]; `low`, an exponent such that nonzero values have |x| >= 2^low; and
 * `grain`, an exponent such that every value is a multiple of 2^grain. Sums cannot cancel below the grain.
 */
import type { ElementProgram, Instruction, Opcode } from './program.ts'
import { floatOfBits } from './program.ts'

interface FloatRange {
  readonly kind: 'f32'
  readonly min: number
  readonly max: number
  readonly low: number
  readonly grain: number
}
interface IntegerRange {
  readonly kind: 'i32'
  readonly min: number
  readonly max: number
}
type Range = FloatRange | IntegerRange | { readonly kind: 'bool' }

/** What may be assumed of an operator's input tensor; the domain of N0 unless the operator narrows it. */
export interface InputRange {
  readonly min: number
  readonly max: number
}

export interface IntervalFinding {
  readonly instruction: number
  readonly opcode: Opcode
  readonly problem: 'underflow' | 'overflow' | 'conversion'
  readonly detail: string
}

const DOMAIN_MAX = 2 ** 60
const DOMAIN_LOW = -100
const SMALLEST_ALLOWED = -125
const ANY_INTEGER: IntegerRange = { kind: 'i32', min: -(2 ** 31), max: 2 ** 31 - 1 }

const lowest = (...exponents: number[]) => Math.min(...exponents)
const floorLog2 = (x: number) => Math.floor(Math.log2(x) - 1e-9)
const widen = (x: number, direction: -1 | 1) => x + direction * Math.abs(x) * 2 ** -23

function float(min: number, max: number, low: number, grain: number): FloatRange {
  const away = min > 0 ? floorLog2(min) : max < 0 ? floorLog2(-max) : low
  const bestLow = Math.max(low, away, grain)
  return { kind: 'f32', min, max, low: bestLow, grain: Math.max(grain, bestLow - 23) }
}

function integer(min: number, max: number): IntegerRange {
  return min < ANY_INTEGER.min || max > ANY_INTEGER.max ? ANY_INTEGER : { kind: 'i32', min, max }
}

function sum(a: FloatRange, b: FloatRange, sign: 1 | -1): FloatRange {
  const [bMin, bMax] = sign === 1 ? [b.min, b.max] : [-b.max, -b.min]
  if (a.min === 0 && a.max === 0) return float(bMin, bMax, b.low, b.grain) // 0 - b is exact
  const grain = lowest(a.grain, b.grain)
  return float(widen(a.min + bMin, -1), widen(a.max + bMax, 1), grain, grain)
}

function product(a: FloatRange, b: FloatRange): FloatRange {
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
  const low = a.low + b.low
  return float(widen(Math.min(...corners), -1), widen(Math.max(...corners), 1), low, low - 23)
}

function union(a: FloatRange, b: FloatRange): FloatRange {
  return float(Math.min(a.min, b.min), Math.max(a.max, b.max), lowest(a.low, b.low), lowest(a.grain, b.grain))
}

/** min and max return one of their operands, so exponents are those of either. */
function choice(a: FloatRange, b: FloatRange, pick: (x: number, y: number) => number): FloatRange {
  return float(pick(a.min, b.min), pick(a.max, b.max), lowest(a.low, b.low), lowest(a.grain, b.grain))
}

function flushed(a: FloatRange, t: number): FloatRange {
  const reaches = (x: number) => Math.abs(x) >= 2 ** t
  const min = a.min > 0 && !reaches(a.min) ? 0 : a.min
  const max = a.max < 0 && !reaches(a.max) ? 0 : a.max
  return float(min, max, Math.max(a.low, t), a.grain)
}

function constantFloat(bits: number): FloatRange {
  const value = floatOfBits(bits)
  // The grain of a constant is its own lowest set bit: 0.5 is a multiple of 2^-1.
  if (value === 0) return { kind: 'f32', min: 0, max: 0, low: 127, grain: 127 }
  let grain = floorLog2(Math.abs(value)) - 23
  while ((value / 2 ** (grain + 1)) % 1 === 0) grain++
  return float(value, value, floorLog2(Math.abs(value)), grain)
}

function fromBits(a: IntegerRange): FloatRange {
  const bounds = [floatOfBits(a.min >>> 0), floatOfBits(a.max >>> 0)]
  const sameSign = a.min >= 0 || a.max < 0
  if (!sameSign) {
    // Negative integers are the floats with the sign bit: the magnitude interval must be read from both halves.
    const largest = Math.max(Math.abs(floatOfBits(a.max)), 2 ** 127)
    return float(-largest, largest, -149, -149)
  }
  const [min, max] = [Math.min(...bounds), Math.max(...bounds)]
  const smallest = Math.min(Math.abs(min), Math.abs(max))
  const low = smallest === 0 ? -149 : floorLog2(smallest)
  return float(min, max, low, low - 23)
}

function bitsOfRange(a: FloatRange): IntegerRange {
  if (a.min < 0) return ANY_INTEGER
  const view = new DataView(new ArrayBuffer(4))
  const bits = (x: number) => {
    view.setFloat32(0, x)
    return view.getInt32(0)
  }
  return { kind: 'i32', min: bits(a.min), max: bits(a.max) }
}

function maskOf(x: number): number {
  return x <= 0 ? 0 : 2 ** (Math.floor(Math.log2(x)) + 1) - 1
}

function and(a: IntegerRange, mask: IntegerRange): IntegerRange {
  if (a.min >= 0 && mask.min === mask.max) {
    if (mask.min === -(2 ** 31)) return integer(0, 0) // the sign of a value known to be positive
    if (mask.min === maskOf(mask.min) && a.max <= mask.min) return a
  }
  const bounds = [a, mask].filter(r => r.min >= 0).map(r => r.max)
  return bounds.length === 0 ? ANY_INTEGER : integer(0, Math.min(...bounds))
}

function or(a: IntegerRange, b: IntegerRange): IntegerRange {
  if (b.min === 0 && b.max === 0) return a
  if (a.min < 0 || b.min < 0) return ANY_INTEGER
  // Never more than the sum, nor than all bits below the larger's highest.
  return integer(Math.max(a.min, b.min), Math.min(a.max + b.max, maskOf(Math.max(a.max, b.max))))
}

type Transfer = (operands: Range[], immediates: readonly number[], inputs: readonly InputRange[]) => Range
const f = (range: Range | undefined) => range as FloatRange
const i = (range: Range | undefined) => range as IntegerRange

function loadRange(input: InputRange | undefined): FloatRange {
  const { min, max } = input ?? { min: -DOMAIN_MAX, max: DOMAIN_MAX }
  return float(min, max, DOMAIN_LOW, DOMAIN_LOW - 23)
}

const transfer: Record<Opcode, Transfer> = {
  constantF32: (_, [bits]) => constantFloat(bits as number),
  constantI32: (_, [value]) => integer(value as number, value as number),
  coordinate: () => integer(0, 2 ** 31 - 1),
  loadF32: (_, [input], ranges) => loadRange(ranges[input as number]),
  gatherF32: (_, [input], ranges) => loadRange(ranges[input as number]),
  loadI32: () => ANY_INTEGER,
  addF32: ([a, b]) => sum(f(a), f(b), 1),
  subF32: ([a, b]) => sum(f(a), f(b), -1),
  mulF32: ([a, b]) => product(f(a), f(b)),
  minF32: ([a, b]) => choice(f(a), f(b), Math.min),
  maxF32: ([a, b]) => choice(f(a), f(b), Math.max),
  flush: ([a], [t]) => flushed(f(a), t as number),
  lessF32: () => ({ kind: 'bool' }),
  lessI32: () => ({ kind: 'bool' }),
  lessU32: () => ({ kind: 'bool' }),
  equalI32: () => ({ kind: 'bool' }),
  selectF32: ([, a, b]) => union(f(a), f(b)),
  selectI32: ([, a, b]) => integer(Math.min(i(a).min, i(b).min), Math.max(i(a).max, i(b).max)),
  addI32: ([a, b]) => integer(i(a).min + i(b).min, i(a).max + i(b).max),
  subI32: ([a, b]) => integer(i(a).min - i(b).max, i(a).max - i(b).min),
  mulI32: () => ANY_INTEGER,
  mulHighU32: () => ANY_INTEGER,
  andI32: ([a, b]) => and(i(a), i(b)),
  orI32: ([a, b]) => or(i(a), i(b)),
  xorI32: () => ANY_INTEGER,
  minI32: ([a, b]) => integer(Math.min(i(a).min, i(b).min), Math.min(i(a).max, i(b).max)),
  maxI32: ([a, b]) => integer(Math.max(i(a).min, i(b).min), Math.max(i(a).max, i(b).max)),
  shiftLeft: ([a], [n]) => integer(i(a).min * 2 ** (n as number), i(a).max * 2 ** (n as number)),
  shiftRight: ([a], [n]) =>
    integer(Math.floor(i(a).min / 2 ** (n as number)), Math.floor(i(a).max / 2 ** (n as number))),
  shiftRightU: ([a], [n]) =>
    i(a).min >= 0
      ? integer(i(a).min >>> (n as number), i(a).max >>> (n as number))
      : integer(0, 0xffffffff >>> (n as number)),
  bitsOfF32: ([a]) => bitsOfRange(f(a)),
  f32OfBits: ([a]) => fromBits(i(a)),
  f32OfI32: ([a]) => float(i(a).min, i(a).max, 0, 0),
  i32OfF32: ([a]) => integer(Math.floor(f(a).min), Math.ceil(f(a).max)),
}

const arithmetic: ReadonlySet<Opcode> = new Set(['addF32', 'subF32', 'mulF32'])

function finding(
  index: number,
  instruction: Instruction,
  range: Range,
  operands: Range[],
): IntervalFinding | undefined {
  const { opcode } = instruction
  const at = (problem: IntervalFinding['problem'], detail: string) => ({ instruction: index, opcode, problem, detail })
  if (opcode === 'i32OfF32' && (f(operands[0]).min <= -(2 ** 31) || f(operands[0]).max >= 2 ** 31)) {
    return at('conversion', `operand in [${f(operands[0]).min}, ${f(operands[0]).max}]`)
  }
  if (!arithmetic.has(opcode)) return undefined
  const { min, max, low } = range as FloatRange
  if (low < SMALLEST_ALLOWED && (min !== 0 || max !== 0)) return at('underflow', `nonzero result down to 2^${low}`)
  if (Math.max(-min, max) >= 2 ** 128) return at('overflow', `result up to ${Math.max(-min, max)}`)
  return undefined
}

/** Returns every instruction that could underflow, overflow or convert out of range; empty means proven safe. */
export function checkIntervals(program: ElementProgram, inputs: readonly InputRange[] = []): IntervalFinding[] {
  const ranges: Range[] = []
  const findings: IntervalFinding[] = []
  program.instructions.forEach((instruction, index) => {
    const operands = instruction.operands.map(o => ranges[o] as Range)
    const range = transfer[instruction.opcode](operands, instruction.immediates, inputs)
    ranges.push(range)
    const problem = finding(index, instruction, range, operands)
    if (problem !== undefined) findings.push(problem)
  })
  return findings
}
