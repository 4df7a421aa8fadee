/**
 * Flush thresholds of N0: exponents t such that an operand with |x| < 2^t is read as +0, one per operand.
 * They are chosen so that `checkIntervals` can prove every element program; -100 (the domain's edge) means none.
 * A product of operands flushed at t and u is at least 2^(t+u); a sum of products also needs 23 bits below that.
 */
import { floatOfBits } from '../scalar/program.ts'
import type { MapAttributes, MapName } from './attributes.ts'

const NONE = -100
const exponentOf = (bits: number) => Math.floor(Math.log2(Math.abs(floatOfBits(bits)) || 1))
/** The smallest operand exponent whose product with a constant stays at or above 2^`bottom`. */
const besideConstant = (bits: number, bottom: number) => Math.max(NONE, bottom - exponentOf(bits))

type Thresholds<N extends MapName> = (attributes: MapAttributes[N]) => readonly number[]
const none = () => []
const PRODUCT = -124
const SUM_OF_PRODUCTS = -101

export const flushThresholds: { readonly [N in MapName]: Thresholds<N> } = {
  add: none,
  subtract: none,
  multiply: () => [-62, -62],
  scale: ({ bits }) => [besideConstant(bits, PRODUCT)],
  offset: none,
  absolute: none,
  exp: none,
  log: none,
  reciprocal: none,
  reciprocalSquareRoot: none,
  relu: none,
  reluGradient: none,
  gelu: () => [-32],
  geluGradient: () => [-32, -62],
  silu: () => [-60],
  siluGradient: () => [-30, -62],
  broadcast: none,
  permute: none,
  gather: none,
  pick: none,
  place: none,
  stack: none,
  causalMask: none,
  rotary: () => [-50, -50, -50],
  replaceRow: none,
  powerOfTwoScale: none,
  dropoutMask: none,
  normal: none,
  movingAverage: ({ decayBits, restBits }) => [
    besideConstant(decayBits, SUM_OF_PRODUCTS),
    besideConstant(restBits, SUM_OF_PRODUCTS),
  ],
  movingSquare: ({ decayBits, restBits }) => [
    besideConstant(decayBits, SUM_OF_PRODUCTS),
    Math.ceil(besideConstant(restBits, SUM_OF_PRODUCTS) / 2),
  ],
  adamw: () => [-50, -84, -84, -40],
  clipFactor: none,
}
