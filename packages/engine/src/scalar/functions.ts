/**
 * Elementary functions as compositions of scalar instructions (N2: no hardware divide, root, exp or log anywhere).
 *
 * Each clamps or normalises its argument first, so that the interval check (`intervals.ts`) can bound every
 * intermediate value without knowing how operands relate. Polynomials were fitted by us (Lawson-weighted least
 * squares in double precision) and rounded to f32; accuracies in the comments are against double precision.
 */
import type { Language } from './language.ts'
import type { F32, I32 } from './program.ts'

const EXPONENT_BITS = 23
const MANTISSA_MASK = 0x7fffff
const ONE_BITS = 0x3f800000
const LOG2_E = 1.4426950408889634
/** ln 2 in two parts: the first has 10 significant bits, so its product with an integer below 2^14 is exact. */
const LN2_HIGH = 0.693359375
const LN2_LOW = -2.1219444005469057e-4
/** Largest finite power that `canon` turns into `diverged`. */
const OUT_OF_DOMAIN_BITS = 0x7e800000

const EXP_COEFFICIENTS = [0.5, 0.16666516661643982, 0.04166620224714279, 0.008369073271751404, 0.0013950808206573129]
const LOG_COEFFICIENTS = [
  0.3333331048488617, -0.24999986588954926, 0.20002226531505585, -0.16669251024723053, 0.14218658208847046,
  -0.12384344637393951, 0.11872974038124084, -0.11789830774068832, 0.06915400177240372,
]

/** Limits x to [low, high]; both are canonical constants. */
export function clamp(s: Language, x: F32, low: number, high: number): F32 {
  return s.min(s.max(x, s.f32(low)), s.f32(high))
}

function clampI32(s: Language, x: I32, low: number, high: number): I32 {
  return s.minI32(s.maxI32(x, s.i32(low)), s.i32(high))
}

function horner(s: Language, x: F32, coefficients: readonly number[]): F32 {
  const last = s.f32(coefficients.at(-1) as number)
  return coefficients.slice(0, -1).reduceRight<F32>((sum, c) => s.add(s.mul(sum, x), s.f32(c)), last)
}

/** e^x within 1.5 ulp for x in [-70, 43]; clamped outside, where the result leaves the domain anyway. */
export function exp(s: Language, x: F32): F32 {
  const clamped = s.flush(clamp(s, x, -70, 43), -30)
  const k = s.toI32(s.mul(clamped, s.f32(LOG2_E)))
  const kAsFloat = s.toF32(k)
  const reduced = s.sub(s.sub(clamped, s.mul(kAsFloat, s.f32(LN2_HIGH))), s.mul(kAsFloat, s.f32(LN2_LOW)))
  const r = s.flush(clamp(s, reduced, -0.35, 0.35), -26)
  const tail = s.mul(s.mul(r, r), horner(s, r, EXP_COEFFICIENTS))
  const mantissa = s.add(s.f32(1), s.add(r, tail))
  return s.fromBits(s.addI32(s.bits(mantissa), s.shiftLeft(k, EXPONENT_BITS)))
}

/** 1/x within 2 ulp; 1/0 is 0. A result of 2^60 and more is left to `canon` to flag. */
export function reciprocal(s: Language, x: F32): F32 {
  const bits = s.bits(x)
  const sign = s.and(bits, s.i32(0x80000000))
  const exponent = clampI32(s, s.and(s.shiftRightU(bits, EXPONENT_BITS), s.i32(255)), 27, 187)
  const m = s.fromBits(s.or(s.and(bits, s.i32(MANTISSA_MASK)), s.i32(ONE_BITS)))
  // Linear seed on [1, 2] with relative error 1/17; each Newton step squares the error.
  let y = s.sub(s.f32(24 / 17), s.mul(m, s.f32(8 / 17)))
  for (let step = 0; step < 3; step++) y = s.mul(y, s.sub(s.f32(2), s.mul(m, y)))
  y = clamp(s, y, 0.5, 1)
  const scaled = s.addI32(s.bits(y), s.shiftLeft(s.subI32(s.i32(127), exponent), EXPONENT_BITS))
  return s.select(s.equalI32(bits, s.i32(0)), s.f32(0), s.fromBits(s.or(scaled, sign)))
}

/** 1/sqrt(x) within 2 ulp for x > 0, 0 for x = 0; meaningless for x < 0. */
function reciprocalSquareRootOfPositive(s: Language, x: F32): F32 {
  const bits = s.bits(x)
  const exponent = s.subI32(clampI32(s, s.and(s.shiftRightU(bits, EXPONENT_BITS), s.i32(255)), 27, 187), s.i32(127))
  const odd = s.and(exponent, s.i32(1))
  const half = s.shiftRight(exponent, 1)
  const m = s.fromBits(s.or(s.and(bits, s.i32(MANTISSA_MASK)), s.shiftLeft(s.addI32(s.i32(127), odd), EXPONENT_BITS))) // in [1, 4)
  const halfM = s.mul(m, s.f32(0.5))
  // Integer seed with relative error 3.5 %; each Newton step turns an error e into 1.5 e^2.
  let y = s.fromBits(s.subI32(s.i32(0x5f3759df), s.shiftRight(s.bits(m), 1)))
  for (let step = 0; step < 3; step++) {
    y = clamp(s, s.mul(y, s.sub(s.f32(1.5), s.mul(halfM, s.mul(y, y)))), 0.25, 1)
  }
  const scaled = s.fromBits(s.subI32(s.bits(y), s.shiftLeft(half, EXPONENT_BITS)))
  return s.select(s.equalI32(bits, s.i32(0)), s.f32(0), scaled)
}

/** 1/sqrt(x) within 2 ulp for x > 0; 0 for x = 0; out of domain (so `diverged`) for x < 0. */
export function reciprocalSquareRoot(s: Language, x: F32): F32 {
  const root = reciprocalSquareRootOfPositive(s, s.max(x, s.f32(0)))
  return s.select(s.less(x, s.f32(0)), s.f32Bits(OUT_OF_DOMAIN_BITS), root)
}

/** sqrt(x) within 3.1 ulp; 0 for x < 2^-92 and for negative x. */
export function squareRoot(s: Language, x: F32): F32 {
  const positive = s.flush(s.max(x, s.f32(0)), -92)
  return s.mul(positive, reciprocalSquareRootOfPositive(s, positive))
}

/** ln x within 2 ulp for x > 0; out of domain (so `diverged`) for x <= 0. */
export function log(s: Language, x: F32): F32 {
  const SQRT_HALF_BITS = 0x3f3504f3
  const positive = s.max(x, s.f32(2 ** -100))
  const shifted = s.subI32(s.bits(positive), s.i32(SQRT_HALF_BITS))
  const exponent = s.toF32(clampI32(s, s.shiftRight(shifted, EXPONENT_BITS), -101, 61))
  const m = s.fromBits(s.addI32(s.and(shifted, s.i32(MANTISSA_MASK)), s.i32(SQRT_HALF_BITS))) // in [sqrt 1/2, sqrt 2)
  const f = s.sub(m, s.f32(1))
  const ff = s.mul(f, f)
  const tail = s.sub(s.mul(s.mul(ff, f), horner(s, f, LOG_COEFFICIENTS)), s.mul(ff, s.f32(0.5)))
  const low = s.add(tail, s.mul(exponent, s.f32(LN2_LOW)))
  const result = s.add(s.add(low, f), s.mul(exponent, s.f32(LN2_HIGH)))
  return s.select(s.less(s.f32(0), x), result, s.f32Bits(OUT_OF_DOMAIN_BITS))
}

/** 1 / (1 + e^-x). */
export function sigmoid(s: Language, x: F32): F32 {
  const negative = s.sub(s.f32(0), clamp(s, x, -42, 42))
  return reciprocal(s, s.add(s.f32(1), exp(s, negative)))
}
