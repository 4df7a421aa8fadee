/** SPEC: N3. Sums of 1 to 9,001 elements with the chunks' partial results, and maxima with ties. */
import { sha256 } from '@cairn/primitives'
import { CHUNK, maximumOf, sumInOrder } from '../../backend/reference/reduction.ts'
import { canonicalise } from '../../scalar/evaluate.ts'
import { bytes, drawnFloats, float, type VectorFile, vectorFile } from './notation.ts'

export interface SumCase {
  readonly kind: 'sum'
  readonly count: number
  /** Inputs are drawn from Philox with this seed (see the specification), and have this digest. */
  readonly seed: number
  readonly inputsSha256: string
  /** The sum of each chunk of 4,096, before they are added. */
  readonly chunks: readonly string[]
  readonly result: string
}

function sumCase(seed: number, count: number): SumCase {
  const values = drawnFloats(seed, count)
  const starts = Array.from({ length: Math.ceil(count / CHUNK) }, (_, n) => n * CHUNK)
  const chunks = starts.map(at => float(sumInOrder(values.subarray(at, at + CHUNK))))
  const inputsSha256 = bytes(sha256(new Uint8Array(values.buffer)))
  return { kind: 'sum', count, seed, inputsSha256, chunks, result: float(canonicalise(sumInOrder(values)).value) }
}

export interface MaximumCase {
  readonly kind: 'maximum'
  readonly inputs: string
  readonly result: string
}

function maximumCase(values: Float32Array): MaximumCase {
  return { kind: 'maximum', inputs: bytes(values), result: float(maximumOf(values)) }
}

const COUNTS = [1, 2, 3, 31, 32, 33, 63, 64, 65, 1000, 4095, 4096, 4097, 4128, 8192, 9001]

export function reductionVectors(): VectorFile {
  const ties = [[1, 1, 1], [0, -1, 0], [-3, -3, -2, -2], [2 ** -100, 0, -(2 ** -100)], [-5], [7, 2 ** 59, 2 ** 59, 1]]
  const cases = [
    ...COUNTS.map((count, n) => sumCase(n + 1, count)),
    ...ties.map(x => maximumCase(Float32Array.from(x))),
  ]
  return vectorFile('N3', 'sums over drawn inputs with the result of each chunk; maxima', cases)
}
