/** Deterministic test values: ordinary numbers, the edges of the domain, zeros, exact powers of two and ties. */
import { philox4x32 } from '@cairn/primitives'
import { CANON_LOW_BITS } from '../scalar/evaluate.ts'
import { floatOfBits } from '../scalar/program.ts'

export interface Random {
  /** Returns a u32. */
  word(): number
  /** Returns an integer in [0, bound). */
  below(bound: number): number
}

/** Starts a generator; equal seeds give equal values. */
export function random(seed: number): Random {
  let counter = 0
  let block: readonly number[] = []
  const word = () => {
    if (counter % 4 === 0) block = philox4x32([counter / 4, 0, 0, 0], [seed, 0x74657374])
    return block[counter++ % 4] as number
  }
  return { word, below: bound => Math.floor((word() / 2 ** 32) * bound) }
}

/**
 * `ties` are small multiples of 2^-8: ties and clipped values for `quantise`, equal values for `maximum`. `tiny` are
 * those whose blocks take the smallest scale exponent; differences of `smallest` ones fall out of the domain.
 */
export type ValueKind = 'ordinary' | 'wide' | 'positive' | 'unit' | 'ties' | 'tiny' | 'smallest'

/** A float with a random mantissa and an exponent in [low, high). */
function floatWithin(r: Random, low: number, high: number): number {
  const exponent = 127 + low + r.below(high - low)
  return floatOfBits(((r.word() & 0x807fffff) | (exponent << 23)) >>> 0)
}

/** One value. `wide` spans the domain up to 2^`high`; one in sixteen is zero, one in sixteen a power of two. */
function value(r: Random, kind: ValueKind, high: number): number {
  if (kind === 'ties') return (r.below(1025) - 512) / 256
  if (kind === 'tiny') return floatWithin(r, -75, -50)
  if (kind === 'smallest') return floatWithin(r, -100, -92)
  const special = r.below(16)
  if (special === 0 && kind !== 'positive') return 0
  if (special === 1) return 2 ** (r.below(8) - 4)
  if (kind === 'positive') return Math.abs(floatWithin(r, -20, Math.min(high, 10)))
  if (kind === 'unit') return floatWithin(r, -30, 0)
  if (kind === 'ordinary') return floatWithin(r, -10, Math.min(high, 4))
  return floatWithin(r, -100, high)
}

/** Returns `count` canonical f32 values. */
export function floats(r: Random, count: number, kind: ValueKind, high = 20): Float32Array {
  const values = Float32Array.from({ length: count }, () => value(r, kind, high))
  const bits = new Uint32Array(values.buffer)
  bits.forEach((word, i) => {
    if ((word & 0x7fffffff) < CANON_LOW_BITS) bits[i] = 0
  })
  return values
}

/** Returns `count` integers in [0, bound). */
export function integers(r: Random, count: number, bound: number): Int32Array {
  return Int32Array.from({ length: count }, () => r.below(bound))
}

/** Starts a generator of its own from the next word of another. */
export const fork = (r: Random): Random => random(r.word())
