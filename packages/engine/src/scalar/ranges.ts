/**
 * Value ranges for the interval check (N0): what is known of an f32 or i32 that a program computes. Every function
 * here must be sound: the range it returns contains every value that operands within their ranges can give
 * (`intervals.test.ts` tries to refute that). Bounds are doubles, so they are widened where f32 would round.
 */
import { floatOfBits } from './program.ts'

/**
 * An f32: real bounds [min, max]; `low`, an exponent such that nonzero values have |x| >= 2^low; and `grain`, an
 * exponent such that every value is a multiple of 2^grain. Sums cannot cancel below the grain.
 */
export interface FloatRange {
  readonly kind: 'f32'
  readonly min: number
  readonly max: number
  readonly low: number
  readonly grain: number
  /** Whether a zero may be -0. Its sign must not be looked at: devices may ignore it. */
  readonly minusZero: boolean
}

interface Bounds {
  readonly min: number
  readonly max: number
}

export interface IntegerRange extends Bounds {
  readonly kind: 'i32'
  /** Bounds of the value without its top bit: the magnitude, where the value is the bits of a float. */
  readonly magnitude: Bounds
}

export type Range = FloatRange | IntegerRange | { readonly kind: 'bool' }

const LOWEST = -(2 ** 31)
const HIGHEST = 2 ** 31 - 1
export const ANY_INTEGER: IntegerRange = {
  kind: 'i32',
  min: LOWEST,
  max: HIGHEST,
  magnitude: { min: 0, max: HIGHEST },
}
const ZERO_EXPONENT = 127
/** Below this exponent a product may have been rounded to zero. */
const NORMAL_EXPONENT = -126

/** At most log2(x), also where the logarithm was rounded up. */
const floorLog2 = (x: number) => Math.floor(Math.log2(x) - 1e-9)
const widen = (x: number, direction: -1 | 1) => x + direction * Math.abs(x) * 2 ** -23
const hasZero = ({ min, max }: Bounds) => min <= 0 && max >= 0

export function float(min: number, max: number, low: number, grain: number, minusZero = false): FloatRange {
  if (Number.isNaN(min + max)) return float(Number.NEGATIVE_INFINITY, Number.MAX_VALUE, low, grain, minusZero)
  const away = min > 0 ? floorLog2(min) : max < 0 ? floorLog2(-max) : low
  const bestLow = Math.max(low, away, grain)
  const zero = minusZero && min <= 0 && max >= 0
  return { kind: 'f32', min, max, low: bestLow, grain: Math.max(grain, bestLow - 23), minusZero: zero }
}

/** A result outside the 32 bits wraps around: then nothing is known of it. */
export function integer(min: number, max: number): IntegerRange {
  if (!(min >= LOWEST && max <= HIGHEST)) return ANY_INTEGER
  const magnitude = min >= 0 ? { min, max } : max < 0 ? { min: min - LOWEST, max: max - LOWEST } : ANY_INTEGER.magnitude
  return { kind: 'i32', min, max, magnitude }
}

/** Integers whose low 31 bits lie within bounds, with either or one value of the top bit. */
function withMagnitude(magnitude: Bounds, negative: boolean, positive: boolean): IntegerRange {
  const min = negative ? LOWEST + magnitude.min : magnitude.min
  const max = positive ? magnitude.max : LOWEST + magnitude.max
  return { kind: 'i32', min, max, magnitude }
}

const negated = (x: FloatRange): FloatRange => ({ ...x, min: -x.max, max: -x.min })

export function sum(a: FloatRange, b: FloatRange): FloatRange {
  const minusZero = a.minusZero && b.minusZero
  if (a.min === 0 && a.max === 0) return float(b.min, b.max, b.low, b.grain, minusZero) // 0 + b is exact
  const grain = Math.min(a.grain, b.grain)
  return float(widen(a.min + b.min, -1), widen(a.max + b.max, 1), grain, grain, minusZero)
}

/** a - b is -0 only for -0 - +0, whatever the sign of b's zeros. */
export function difference(a: FloatRange, b: FloatRange): FloatRange {
  return { ...sum(a, negated(b)), minusZero: a.minusZero && hasZero(b) }
}

/** Whether zero times x may be -0, for a zero of `zero` and x of `other`. */
const zeroTimesNegative = (zero: FloatRange, other: FloatRange) =>
  hasZero(zero) && (other.min < 0 || other.minusZero || (zero.minusZero && other.max >= 0))

export function product(a: FloatRange, b: FloatRange): FloatRange {
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
  const low = a.low + b.low
  const mayVanish = low < NORMAL_EXPONENT && Math.min(...corners) < 0
  const minusZero = mayVanish || zeroTimesNegative(a, b) || zeroTimesNegative(b, a)
  return float(widen(Math.min(...corners), -1), widen(Math.max(...corners), 1), low, low - 23, minusZero)
}

/** min, max and selection return one of their operands, so exponents are those of either. */
export function choice(a: FloatRange, b: FloatRange, min: number, max: number): FloatRange {
  return float(min, max, Math.min(a.low, b.low), Math.min(a.grain, b.grain), a.minusZero || b.minusZero)
}

/** Zeros come out as +0, of either sign. */
export function flushed(a: FloatRange, t: number): FloatRange {
  const reaches = (x: number) => Math.abs(x) >= 2 ** t
  const min = a.min > 0 && !reaches(a.min) ? 0 : a.min
  const max = a.max < 0 && !reaches(a.max) ? 0 : a.max
  return float(min, max, Math.max(a.low, t), a.grain)
}

export function constantFloat(bits: number): FloatRange {
  const value = floatOfBits(bits)
  if (value === 0) return float(0, 0, ZERO_EXPONENT, ZERO_EXPONENT, Object.is(value, -0))
  // The grain of a constant is its own lowest set bit: 0.5 is a multiple of 2^-1.
  let grain = -149
  while (Number.isFinite(value) && (value / 2 ** (grain + 1)) % 1 === 0) grain++
  return float(value, value, floorLog2(Math.abs(value)), grain)
}

/** Rounds like the conversion does, which is monotonic; every result is a whole number. */
export function fromInteger(a: IntegerRange): FloatRange {
  return float(Math.fround(a.min), Math.fround(a.max), 0, 0)
}

export function fromBits({ min, max, magnitude }: IntegerRange): FloatRange {
  const [negative, positive] = [min < 0, max >= 0]
  const [least, largest] = [floatOfBits(magnitude.min), floatOfBits(magnitude.max)]
  const low = largest === 0 ? ZERO_EXPONENT : least > 0 ? floorLog2(least) : -149
  return float(
    negative ? -largest : least,
    positive ? largest : -least,
    low,
    low === ZERO_EXPONENT ? low : Math.max(-149, low - 23),
    negative && magnitude.min === 0,
  )
}

const view = new DataView(new ArrayBuffer(4))
/** Bits of the nearest f32 of a bound: rounding is monotonic, so it never falls short of a value below. */
function bitsOfBound(x: number): number {
  view.setFloat32(0, x)
  return view.getInt32(0)
}

export function bitsOfRange(a: FloatRange): IntegerRange {
  const bounds = [Math.abs(a.min), Math.abs(a.max)]
  const least = hasZero(a) ? 0 : Math.max(2 ** a.low, Math.min(...bounds))
  const magnitude = { min: bitsOfBound(least), max: bitsOfBound(Math.max(...bounds)) }
  return withMagnitude(magnitude, a.min < 0 || a.minusZero, a.max > 0 || hasZero(a))
}

/** The number whose bits are all those up to the highest of x. */
const maskOf = (x: number) => 2 ** (32 - Math.clz32(x)) - 1

export function and(a: IntegerRange, mask: IntegerRange): IntegerRange {
  if (mask.min === mask.max) {
    if (mask.min === LOWEST) return withMagnitude({ min: 0, max: 0 }, a.min < 0, a.max >= 0) // the sign bit
    if (a.min >= 0 && mask.min === maskOf(mask.min) && a.max <= mask.min) return a
  }
  const bounds = [a, mask].filter(r => r.min >= 0).map(r => r.max)
  return bounds.length === 0 ? ANY_INTEGER : integer(0, Math.min(...bounds))
}

export function or(a: IntegerRange, b: IntegerRange): IntegerRange {
  const [x, y] = [a.magnitude, b.magnitude]
  // Never more than the sum, nor than all bits below the larger's highest.
  const max = Math.min(x.max + y.max, maskOf(Math.max(x.max, y.max)))
  const magnitude = { min: Math.max(x.min, y.min), max }
  return withMagnitude(magnitude, a.min < 0 || b.min < 0, a.max >= 0 && b.max >= 0)
}
