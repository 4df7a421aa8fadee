/** SPEC: N1, block quantisation, its inverse, and the contraction of quantised tensors. */

import type { QuantisedValues } from '../../quantised-layout.ts'
import { canonicalise, roundToEven } from '../../scalar/evaluate.ts'
import { bitsOf } from '../../scalar/program.ts'
import {
  BLOCK,
  blockCount,
  broadcastStrides,
  coordinatesOf,
  elementCount,
  mantissaBits,
  QUANTISE_LIMIT_EXPONENT,
  type QuantisedDType,
  type Shape,
  SMALLEST_SCALE_EXPONENT,
} from '../../tensor-type.ts'

const { fround } = Math
const exponentOf = (x: number) => ((bitsOf(x) >>> 23) & 255) - 127

/** Returns s = max(e_max - (b-2), -62); a block of zeros takes -62. */
function scaleExponent(largestExponent: number, width: QuantisedDType): number {
  return Math.max(largestExponent - (mantissaBits[width] - 2), SMALLEST_SCALE_EXPONENT)
}

/** Quantises one block in place into mantissas; returns the scale exponent. Products by 2^-s are exact. */
function quantiseBlock(block: Float32Array, width: QuantisedDType, fixed: boolean, mantissas: Int16Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const x of block) largest = Math.max(largest, exponentOf(x))
  const s = fixed ? 0 : scaleExponent(largest, width)
  const [limit, factor] = [2 ** (mantissaBits[width] - 1) - 1, 2 ** -s]
  for (let i = 0; i < block.length; i++)
    mantissas[i] = Math.max(-limit, Math.min(limit, roundToEven((block[i] as number) * factor)))
  return s
}

export interface QuantiseOptions {
  readonly width: QuantisedDType
  readonly axis: -1 | -2
  readonly fixed: boolean
}

/** Quantises x [..., R, C] along `axis`; returns whether an input reached 2^48. */
export function quantise(x: Float32Array, shape: Shape, options: QuantiseOptions, out: QuantisedValues): boolean {
  const [r, c] = shape.slice(-2) as [number, number]
  const [rows, length] = options.axis === -1 ? [r, c] : [c, r]
  const [rowStride, stride] = options.axis === -1 ? [c, 1] : [1, c]
  const blocks = blockCount(length)
  const block = new Float32Array(BLOCK)
  let diverged = false
  const unquantisable = 2 ** QUANTISE_LIMIT_EXPONENT
  for (let row = 0; row < out.exponents.length / blocks; row++) {
    const base = Math.floor(row / rows) * r * c + (row % rows) * rowStride
    for (let b = 0; b < blocks; b++) {
      for (let i = 0, k = b * BLOCK; i < block.length; i++, k++) {
        const value = k < length ? (x[base + k * stride] as number) : 0
        block[i] = value
        if (Math.abs(value) >= unquantisable) diverged = true
      }
      const at = row * blocks + b
      out.exponents[at] = quantiseBlock(
        block,
        options.width,
        options.fixed,
        out.mantissas.subarray(at * BLOCK, at * BLOCK + BLOCK),
      )
    }
  }
  return diverged
}

/** Turns blocks back into f32: mantissa * 2^s, canonical. */
export function dequantise(x: QuantisedValues, length: number, out: Float32Array): void {
  const blocks = blockCount(length)
  for (let e = 0; e < out.length; e++) {
    const [row, k] = [Math.floor(e / length), e % length]
    const block = row * blocks + Math.floor(k / BLOCK)
    const value = (x.mantissas[block * BLOCK + (k % BLOCK)] as number) * 2 ** (x.exponents[block] as number)
    out[e] = canonicalise(fround(value)).value
  }
}

/** One output element: exact block sums, each rounded to f32, scaled, and added blocks ascending from +0. */
export function contractElement(
  a: QuantisedValues,
  aBlock: number,
  b: QuantisedValues,
  bBlock: number,
  blocks: number,
): number {
  const [aMantissas, bMantissas] = [a.mantissas, b.mantissas]
  let sum = 0
  for (let k = 0; k < blocks; k++) {
    let dot = 0
    const [aBegin, bBegin, aEnd] = [(aBlock + k) * BLOCK, (bBlock + k) * BLOCK, (aBlock + k + 1) * BLOCK]
    // A block's sum fits 32 bits.
    for (let i = aBegin, j = bBegin; i < aEnd; i++, j++)
      dot = (dot + Math.imul(aMantissas[i] as number, bMantissas[j] as number)) | 0
    const exponent = (a.exponents[aBlock + k] as number) + (b.exponents[bBlock + k] as number)
    sum = fround(sum + fround(fround(dot) * 2 ** exponent))
  }
  return sum
}

/** Contracts a [..., M, K] with b [..., N, K]; returns whether a result left the domain. */
export function contract(
  a: QuantisedValues,
  aShape: Shape,
  b: QuantisedValues,
  bShape: Shape,
  out: Float32Array,
  outShape: Shape,
): boolean {
  const [m, n] = outShape.slice(-2) as [number, number]
  const blocks = blockCount(aShape.at(-1) as number)
  const lead = outShape.slice(0, -2)
  const [aStrides, bStrides] = [aShape, bShape].map(shape => broadcastStrides(shape.slice(0, -2), lead)) as [
    number[],
    number[],
  ]
  let diverged = false
  for (let batch = 0, e = 0; batch < elementCount(lead); batch++) {
    const coordinates = coordinatesOf(batch, lead)
    const at = (strides: number[]) => coordinates.reduce((sum, c, axis) => sum + c * (strides[axis] as number), 0)
    const [aBatch, bBatch] = [at(aStrides), at(bStrides)]
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const value = contractElement(a, (aBatch * m + i) * blocks, b, (bBatch * n + j) * blocks, blocks)
        const result = canonicalise(value)
        out[e++] = result.value
        diverged ||= result.diverged
      }
    }
  }
  return diverged
}
