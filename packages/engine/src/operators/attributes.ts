/**
 * The operators and their attributes. Everything about an operator is a row in one of the exhaustive tables beside
 * this file: shape rule, flush thresholds, element program, gradient rule, operation count.
 * Attributes hold integers, strings and f32 bit patterns only, so that a program encodes without floats.
 */
import type { QuantisedDType, Shape } from '../tensor-type.ts'

interface None {
  readonly [key: string]: never
}

/** Operators whose output element is one element program over the inputs. */
export interface MapAttributes {
  add: None
  subtract: None
  multiply: None
  /** Multiplies by a constant. */
  scale: { readonly bits: number }
  /** Adds a constant. */
  offset: { readonly bits: number }
  absolute: None
  exp: None
  log: None
  reciprocal: None
  reciprocalSquareRoot: None
  relu: None
  /** (x, g) -> g where x > 0, else 0. */
  reluGradient: None
  gelu: None
  /** (x, g) -> g * gelu'(x). */
  geluGradient: None
  silu: None
  siluGradient: None
  broadcast: { readonly shape: Shape }
  permute: { readonly order: readonly number[] }
  /** (table [V, D], index i32 [...]) -> [..., D]. */
  gather: None
  /** (x [N, V], index i32 [N]) -> [N, 1]. */
  pick: None
  /** (g [N, 1], index i32 [N]) -> [N, size]: g where the column is the index, else 0. */
  place: { readonly size: number }
  /** n tensors of shape [1] -> [n]. */
  stack: None
  /** (x [..., Q, K], positions i32 [Q]): keys after the query's position become `fillBits`. */
  causalMask: { readonly fillBits: number }
  /** (x [..., T, H, 2, half], cos [T, half], sin [T, half]): rotates pairs by the position's angle. */
  rotary: { readonly inverse: 0 | 1 }
  /** (cache [..., C, D], row [..., 1, D], position i32 [1]): replaces one row. */
  replaceRow: None
  /** absMax [..., 1] -> 2^s (or 2^-s) of the block-scale rule with s >= -59, for the whole row. */
  powerOfTwoScale: { readonly width: QuantisedDType; readonly inverse: 0 | 1 }
  /** (key i32 [3] = seed, replica, step) -> 0 or `scaleBits`, kept where the Philox word is below `keepBelow`. */
  dropoutMask: {
    readonly shape: Shape
    readonly stream: number
    readonly keepBelow: number
    readonly scaleBits: number
  }
  /** (key i32 [3]) -> normal values; `unitBits` scales the integer sum of eight uniform 16-bit words. */
  normal: { readonly shape: Shape; readonly stream: number; readonly unitBits: number }
  /** (average, x) -> average * decay + x * rest. */
  movingAverage: { readonly decayBits: number; readonly restBits: number }
  /** (average, x) -> average * decay + x^2 * rest. */
  movingSquare: { readonly decayBits: number; readonly restBits: number }
  /** (p, m, v, schedule [1, 4] = rate, keep, 1/(1-b1^t), 1/(1-b2^t)) -> p * keep - rate * m^ / (sqrt v^ + epsilon). */
  adamw: { readonly epsilonBits: number }
  /** squared norm [1] -> min(1, maximum / norm). */
  clipFactor: { readonly maximumBits: number }
}

/** Operators with hand-made kernels; their element semantics are in the contract and in the reference backend. */
export interface SpecialAttributes {
  input: { readonly name: string; readonly dtype: 'f32' | 'i32' | QuantisedDType; readonly shape: Shape }
  /** Bit patterns of f32 or values of i32, row-major. */
  constant: { readonly dtype: 'f32' | 'i32'; readonly shape: Shape; readonly values: readonly number[] }
  reshape: { readonly shape: Shape }
  /** Sums axes [from, to), which become 1. SPEC: N3. */
  sum: { readonly from: number; readonly to: number }
  /** Takes the maximum over axes [from, to), which become 1; no gradient flows through it. */
  maximum: { readonly from: number; readonly to: number }
  /** (g [N, D], index i32 [N]) -> [rows, D], adding in ascending source order. SPEC: N6. */
  scatterAdd: { readonly rows: number }
  /**
   * Quantises along `axis` (-1 or -2), which becomes the last. SPEC: N1.
   * `fixed` keeps every scale exponent at 0: for tensors that were scaled before (see `powerOfTwoScale`).
   */
  quantise: { readonly axis: -1 | -2; readonly width: QuantisedDType; readonly fixed: 0 | 1 }
  dequantise: None
  /** (a [..., M, K], b [..., N, K]) quantised -> f32 [..., M, N]; leading axes broadcast. SPEC: N1. */
  contract: None
}

export type OperatorAttributes = MapAttributes & SpecialAttributes
export type MapName = keyof MapAttributes
export type OperatorName = keyof OperatorAttributes
