/**
 * What is known of an instruction's value without running it: bounds, whether its sign bit is clear, whether it already
 * is canonical. Facts only ever allow cheaper instructions with the same bits. As in `scalar/intervals.ts`, they hold
 * for inputs in the domain (N0) and programs that `checkIntervals` proves; where they would not, `diverged` was raised.
 */
import { CANON_HIGH_BITS, CANON_LOW_BITS } from '../../scalar/evaluate.ts'
import { bitsOf, floatOfBits, type Opcode, opcodes } from '../../scalar/program.ts'
import type { MachineInstruction, MachineOpcode } from './machine-instruction.ts'

export interface Facts {
  /** Bounds of an f32 or of a signed i32. */
  readonly low: number
  readonly high: number
  /** f32: the sign bit is clear; bounds alone do not tell -0 from +0. */
  readonly positive: boolean
  /** f32: +0 or within N0's magnitudes. */
  readonly canonical: boolean
}

type Rule = (operands: readonly Facts[], immediates: readonly number[]) => Facts
type Two = readonly [Facts, Facts]

const DOMAIN = floatOfBits(CANON_HIGH_BITS)
const anyFloat: Facts = {
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  positive: false,
  canonical: false,
}
/** An element of a tensor that an operator computed. */
export const computed: Facts = { low: -DOMAIN, high: DOMAIN, positive: false, canonical: true }

function integer(low: number, high: number): Facts {
  const fits = low >= -(2 ** 31) && high < 2 ** 31
  const bounds = fits ? { low, high } : { low: -(2 ** 31), high: 2 ** 31 - 1 }
  return { ...bounds, positive: false, canonical: false }
}
const anyInteger = integer(-(2 ** 31), 2 ** 31 - 1)

/** An f32 within real bounds, widened by what rounding may add. */
function rounded(low: number, high: number, positive = false): Facts {
  if (Number.isNaN(low) || Number.isNaN(high)) return { ...anyFloat, positive }
  const slack = (x: number) => Math.abs(x) * 2 ** -23 + 2 ** -140
  const bounds = { low: low - slack(low), high: high + slack(high) }
  return { ...bounds, positive: positive || bounds.low > 0, canonical: false }
}

function ofConstant(bits: number): Facts {
  const magnitude = bits & 0x7fffffff
  const canonical = bits === 0 || (magnitude >= CANON_LOW_BITS && magnitude < CANON_HIGH_BITS)
  return { low: floatOfBits(bits), high: floatOfBits(bits), positive: bits >>> 31 === 0, canonical }
}

function product(operands: readonly Facts[]): Facts {
  const [a, b] = operands as Two
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
  return rounded(Math.min(...corners), Math.max(...corners), a.positive && b.positive)
}

/** Minima, maxima and selections return one of two values. */
const oneOf =
  (low: (a: number, b: number) => number, high: (a: number, b: number) => number) =>
  ([a, b]: Two): Facts => ({
    low: low(a.low, b.low),
    high: high(a.high, b.high),
    positive: (a.positive && b.positive) || low(a.low, b.low) > 0,
    canonical: a.canonical && b.canonical,
  })
const either = oneOf(Math.min, Math.max)
/** Those of the constant +0, and of nothing else. */
export const zero = ofConstant(0)
const minimum: Rule = operands => oneOf(Math.min, Math.min)(operands as Two)
const maximum: Rule = operands => oneOf(Math.max, Math.max)(operands as Two)
const selection: Rule = ([, a, b]) => either([a, b] as Two)
const masked: Rule = ([, x]) => either([x as Facts, zero])

/** The bits of floats with a clear sign are ordered as the floats. */
function bitsOfFloat({ low, high, positive }: Facts): Facts {
  return positive && high < 2 ** 127 ? integer(bitsOf(Math.max(low, 0)), bitsOf(high)) : anyInteger
}
function floatOfInteger({ low, high }: Facts): Facts {
  if (low < 0 || high >= bitsOf(2 ** 127)) return anyFloat
  return { low: floatOfBits(low), high: floatOfBits(high), positive: true, canonical: false }
}

const rules: { readonly [O in MachineOpcode]?: Rule } = {
  constantF32: (_, [bits]) => ofConstant(bits as number),
  addF32: operands => {
    const [a, b] = operands as Two
    return rounded(a.low + b.low, a.high + b.high, a.positive && b.positive)
  },
  subF32: operands => {
    const [a, b] = operands as Two
    // 0 - x is exact and turns +0 into +0.
    return { ...rounded(a.low - b.high, a.high - b.low), canonical: a === zero && b.canonical }
  },
  mulF32: product,
  minF32: minimum,
  maxF32: maximum,
  selectF32: selection,
  keepF32: masked,
  dropF32: masked,
  f32OfBits: ([a]) => floatOfInteger(a as Facts),
  bitsOfF32: ([a]) => bitsOfFloat(a as Facts),
  constantI32: (_, [value]) => integer(value as number, value as number),
  magnitude: () => integer(0, 2 ** 31 - 1),
  addI32: operands => {
    const [a, b] = operands as Two
    return integer(a.low + b.low, a.high + b.high)
  },
  subI32: operands => {
    const [a, b] = operands as Two
    return integer(a.low - b.high, a.high - b.low)
  },
  andI32: operands => {
    const bounds = operands.filter(({ low }) => low >= 0).map(({ high }) => high)
    return bounds.length === 0 ? anyInteger : integer(0, Math.min(...bounds))
  },
  minI32: minimum,
  maxI32: maximum,
  selectI32: selection,
  shiftLeft: ([a], [n]) => integer((a as Facts).low * 2 ** (n as number), (a as Facts).high * 2 ** (n as number)),
  shiftRight: ([a], [n]) => integer((a as Facts).low >> (n as number), (a as Facts).high >> (n as number)),
  shiftRightU: ([a], [n]) =>
    (a as Facts).low >= 0
      ? integer((a as Facts).low >>> (n as number), (a as Facts).high >>> (n as number))
      : anyInteger,
}

const unknown = (opcode: MachineOpcode) =>
  opcode in opcodes && opcodes[opcode as Opcode].result === 'i32' ? anyInteger : anyFloat

/** Derives an instruction's facts from those of its operands. */
export function factsOf(instruction: MachineInstruction, operands: readonly Facts[]): Facts {
  const { opcode, immediates } = instruction
  if (opcode === 'constantF32' && immediates[0] === 0) return zero
  const facts = rules[opcode]?.(operands, immediates) ?? unknown(opcode)
  const isSquare = opcode === 'mulF32' && instruction.operands[0] === instruction.operands[1]
  return isSquare ? { ...facts, positive: true, low: Math.max(facts.low, 0) } : facts
}
