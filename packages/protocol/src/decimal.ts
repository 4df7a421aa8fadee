/**
 * Decimals as text. Documents hold no floats, so every number of a job that may have a fraction is kept as the shortest
 * plain decimal string, and becomes an f32 once, when the program is compiled.
 * SPEC: numerics.md N7 (decimals in a spec become f32 directly, rounded once); docs/spec/job.md "Decimals".
 * DETERMINISM: integers only; nothing here adds or multiplies doubles.
 */
import { type Brand, InputError } from '@cairn/primitives'

/** A canonical decimal: `-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?`, never `-0`, at most 64 digits on either side of the point. */
export type Decimal = Brand<string, 'Decimal'>

interface Fraction {
  readonly negative: boolean
  readonly numerator: bigint
  readonly denominator: bigint
}

const MAX_DIGITS = 64
const PATTERN = /^([+-]?)([0-9]{1,128})(?:\.([0-9]{1,128}))?(?:[eE]([+-]?[0-9]{1,3}))?$/
/** What `parseDecimal` accepts as text, as the source of a regular expression. */
export const DECIMAL_PATTERN = PATTERN.source

const F32_INFINITY_BITS = 0x7f800000

/**
 * Reads a number or its text (`3e-4`, `0.0003`, `"0.90"`) as a canonical decimal string. A number stands for the
 * shortest decimal that reads back as that double, which is what its author wrote.
 * Throws `InputError` (`decimal.invalid`) for anything else, NaN and infinities included.
 */
export function parseDecimal(value: unknown): Decimal {
  const match = typeof value === 'number' || typeof value === 'string' ? PATTERN.exec(String(value)) : null
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? []
  const text = match && plain(whole + fraction, fraction.length - Number(exponent))
  if (!text) throw invalidDecimal(value)
  return (sign === '-' && text !== '0' ? `-${text}` : text) as Decimal
}

/** Compares two decimals exactly: negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [x, y] = [toFraction(a), toFraction(b)]
  const difference = signed(x) * y.denominator - signed(y) * x.denominator
  return difference < 0n ? -1 : Number(difference > 0n)
}

/** Computes floor(count * decimal) exactly, for a decimal that is not negative. */
export function floorOfProduct(count: bigint, decimal: Decimal): bigint {
  const { numerator, denominator } = toFraction(decimal)
  return (count * numerator) / denominator
}

/**
 * Rounds a decimal to the nearest f32, ties to even, once, and returns its bits as an unsigned 32-bit integer.
 * Tiny values become subnormals or zero as in IEEE 754. Throws `InputError` (`decimal.range`) at 2^128 - 2^103 and above.
 */
export function decimalToF32Bits(decimal: Decimal): number {
  const { negative, numerator, denominator } = toFraction(decimal)
  if (numerator === 0n) return 0
  const exponent = Math.max(floorLog2(numerator, denominator), -126)
  const mantissa = Number(roundedQuotient(numerator, denominator, 23 - exponent)) // at most 2^24
  // A mantissa below 2^23 is subnormal; one of 2^24 carries into the exponent by itself.
  const bits = mantissa + (exponent + 126) * 2 ** 23
  if (bits >= F32_INFINITY_BITS) throw outOfRange(decimal)
  return negative ? bits + 2 ** 31 : bits
}

/** Writes digits * 10^-scale without an exponent, or nothing when that takes too many digits. */
function plain(digits: string, scale: number): string | undefined {
  const significant = digits.replace(/^0+/, '')
  if (significant === '') return '0'
  const zeros = scale < 0 ? -scale : 0
  const padded = (significant + '0'.repeat(zeros)).padStart(scale + 1, '0')
  const point = padded.length - Math.max(scale, 0)
  const fraction = padded.slice(point).replace(/0+$/, '')
  if (point > MAX_DIGITS || fraction.length > MAX_DIGITS) return undefined
  return fraction === '' ? padded.slice(0, point) : `${padded.slice(0, point)}.${fraction}`
}

function toFraction(decimal: Decimal): Fraction {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.')
  return {
    negative: decimal.startsWith('-'),
    numerator: BigInt(whole + fraction),
    denominator: 10n ** BigInt(fraction.length),
  }
}

const signed = ({ negative, numerator }: Fraction): bigint => (negative ? -numerator : numerator)

const bitLength = (value: bigint): number => value.toString(2).length

/** The largest e with 2^e <= n / d. */
function floorLog2(n: bigint, d: bigint): number {
  const guess = bitLength(n) - bitLength(d)
  const [left, right] = guess >= 0 ? [n, d << BigInt(guess)] : [n << BigInt(-guess), d]
  return left >= right ? guess : guess - 1
}

/** n * 2^shift / d, rounded to the nearest integer, ties to even. */
function roundedQuotient(n: bigint, d: bigint, shift: number): bigint {
  const dividend = shift >= 0 ? n << BigInt(shift) : n
  const divisor = shift >= 0 ? d : d << BigInt(-shift)
  const quotient = dividend / divisor
  const twice = 2n * (dividend - quotient * divisor)
  const isUp = twice > divisor || (twice === divisor && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}

const invalidDecimal = (value: unknown): InputError =>
  new InputError('decimal.invalid', 'This is not a decimal number.', {
    expected: `a number such as 0.0003 or 3e-4, with at most ${MAX_DIGITS} digits on either side of the point`,
    found: typeof value === 'string' ? JSON.stringify(value) : String(value),
    fix: 'Write the number in plain or scientific notation.',
  })

const outOfRange = (decimal: Decimal): InputError =>
  new InputError('decimal.range', 'This number is too large for a 32-bit float.', {
    expected: 'a magnitude below 3.4028236e38',
    found: decimal,
    fix: 'Use a smaller number.',
  })
