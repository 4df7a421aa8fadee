/**
 * Operands that make arithmetic go wrong: cancellation, ties, the borders of subnormals and of the domain, exponents so
 * far apart that an operand only rounds, products at both ends of the range; and random bits. NaN and infinity are not
 * among them: by N0 they never enter.
 */
import type { Random } from '@cairn/engine/conformance'
import { operandTypes, type ScalarBatch, type ScalarOperation, scalarOperations } from './scalar-operation.ts'

type Word = (r: Random) => number
type Pair = (r: Random) => readonly [number, number]

const oneOf = <T>(r: Random, values: readonly T[]): T => values[r.below(values.length)] as T
const between = (r: Random, low: number, high: number) => low + r.below(high - low + 1)
const sign = (r: Random) => r.word() & 0x80000000
/** A float by its biased exponent and fraction; exponents are kept within those of finite numbers. */
const float = (exponent: number, fraction: number, signBit = 0) =>
  (signBit | (Math.max(0, Math.min(254, exponent)) << 23) | (fraction & 0x7fffff)) >>> 0
const near = (r: Random, bits: number) => (sign(r) | (bits + between(r, -3, 3))) >>> 0

/** Fractions of few bits and of all, which carry and tie. */
const fraction = (r: Random) =>
  oneOf(r, [0, 1, 0x7fffff, 0x400000, 0x3fffff, 1 << r.below(23), r.word(), r.word() & (-1 << r.below(23))])
const anyFloat: Word = r => float(r.below(255), fraction(r), sign(r))
const EDGES = [0, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x3f800000, 0x3f000000] as const
/** 2^-100, 2^-62, 2^23, 2^24, 2^31, 2^48, 2^60 and 2^126. */
const BORDERS = [-100, -62, 23, 24, 31, 48, 60, 126].map(e => (e + 127) << 23)

const edge: Word = r => (sign(r) | oneOf(r, EDGES)) >>> 0

const floats: readonly Word[] = [
  anyFloat,
  anyFloat,
  r => edge(r),
  r => near(r, oneOf(r, BORDERS)),
  r => float(r.below(3), fraction(r), sign(r)),
  // Halves of integers: ties of conversions.
  r => float(127 + r.below(32), r.word() & (-1 << r.below(24)), sign(r)),
]
const someFloat: Word = r => oneOf(r, floats)(r)

/** Exponents at a distance, of any two signs. */
const apart = (r: Random, distance: number): readonly [number, number] => {
  const exponent = between(r, Math.max(0, distance), 254 + Math.min(0, distance))
  return [float(exponent, fraction(r), sign(r)), float(exponent - distance, fraction(r), sign(r))]
}
/** Two factors whose exponents add up to about that of the product. */
const product = (r: Random, exponent: number): readonly [number, number] => {
  const own = between(r, Math.max(1, exponent - 127), Math.min(254, exponent + 126))
  return [float(own, fraction(r), sign(r)), float(exponent + 127 - own, fraction(r), sign(r))]
}
const pairs: readonly Pair[] = [
  r => [someFloat(r), someFloat(r)],
  r => [edge(r), edge(r)], // zeros of both signs
  r => apart(r, between(r, -2, 2)),
  r => {
    const a = someFloat(r)
    const b = Math.max(0, Math.min(0x7f7fffff, (a & 0x7fffffff) + between(r, -2, 2)))
    return [a, (sign(r) | b) >>> 0] // all but the last bits cancel
  },
  r => apart(r, between(r, 22, 34)),
  r => {
    const exponent = between(r, 25, 254)
    const half = float(exponent - 24, oneOf(r, [0, 0, 1, 0x7fffff]), sign(r)) // a tie, or just beside it
    return [float(exponent, r.word() & 3, sign(r)), half]
  },
  r => product(r, between(r, -25, 3)), // into the subnormals
  r => product(r, between(r, 251, 256)), // out of the range
  r => {
    // Odd factors of 12 and 13 bits: the product's last bit is half a unit in the last place.
    const short = (bits: number) => ((r.word() | 1) & ((1 << (bits - 1)) - 1)) << (24 - bits)
    return [float(between(r, 80, 170), short(12), sign(r)), float(between(r, 80, 170), short(13), sign(r))]
  },
]

const INTEGERS = [0, 1, 2, -1, -2, 0x7fffffff, -(2 ** 31), 0x00ffffff, 0x01000001, 0x01000003, 0xffff, 0x10000]
const integers: readonly Word[] = [
  r => r.word(),
  r => oneOf(r, INTEGERS) >>> 0,
  r => ((1 << r.below(32)) + between(r, -2, 2)) >>> 0,
  // A tie of the conversion, of either sign, or a unit beside it.
  r => {
    const shift = between(r, 1, 7)
    const x = ((((r.word() & 0x7fffff) | 0x800000) << shift) | (1 << (shift - 1))) + between(r, -1, 1)
    return (r.below(2) === 0 ? x : -x) >>> 0
  },
]
const someInteger: Word = r => oneOf(r, integers)(r)

/** What a conversion to an integer takes: |x| < 2^31. */
const convertible: Word = r => {
  const bits = someFloat(r)
  const exponent = (bits >>> 23) & 255
  return exponent < 127 + 31 ? bits : float(127 + r.below(31), bits, bits & 0x80000000)
}

function operandsOf(r: Random, operation: ScalarOperation): readonly number[] {
  const types = operandTypes(operation)
  if (operation === 'i32OfF32') return [convertible(r)]
  if (operation === 'f32OfBits') return [someFloat(r)]
  if (types.join() === 'f32,f32') return oneOf(r, pairs)(r)
  const equal = r.below(8) === 0 ? someInteger(r) : undefined // or equality would never come
  const words = { f32: someFloat, i32: (source: Random) => equal ?? someInteger(source) }
  return types.map(type => words[type](r))
}

const immediates: { readonly [O in ScalarOperation]?: Word } = {
  flush: r => oneOf(r, [-128, -127, -126, -100, -62, 60, 127, between(r, -128, 127)]),
  shiftLeft: r => r.below(32),
  shiftRight: r => r.below(32),
  shiftRightU: r => r.below(32),
}

/** Returns so many cases of one operation, all with one immediate. */
function batch(r: Random, operation: ScalarOperation, count: number): ScalarBatch {
  const operands = [new Uint32Array(count), new Uint32Array(count)] as const
  for (let i = 0; i < count; i++) operandsOf(r, operation).forEach((word, n) => (operands[n]![i] = word))
  const immediate = immediates[operation]?.(r)
  if (operation === 'flush') bringNear(r, operands[0], immediate as number)
  return { operation, immediate, operands }
}

/** A threshold is only met by values near it. */
function bringNear(r: Random, values: Uint32Array, exponent: number): void {
  const threshold = exponent < -126 ? 1 << (exponent + 149) : (exponent + 127) << 23
  values.forEach((_, i) => {
    if (i % 2 === 0) values[i] = near(r, Math.max(3, threshold))
  })
}

const BATCH = 250

/** Returns at least `count` cases, the operations in turn. */
export function* scalarBatches(r: Random, count: number): Generator<ScalarBatch> {
  for (let n = 0; n * BATCH < count; n++)
    yield batch(r, scalarOperations[n % scalarOperations.length] as ScalarOperation, BATCH)
}
