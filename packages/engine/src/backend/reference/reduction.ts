/** SPEC: N3, the one order of sums, and maxima and scatter-add beside it. */
import { canonicalise } from '../../scalar/evaluate.ts'

export const CHUNK = 4096
export const LANES = 32
const { fround } = Math

/** Sums up to 4,096 values: 32 strided lanes, then a tree that pairs (j, j+16), (j, j+8), ... */
function sumChunk(values: Float32Array, from: number, to: number): number {
  const lanes = new Float32Array(LANES)
  for (let i = from; i < to; i++)
    lanes[(i - from) % LANES] = fround((lanes[(i - from) % LANES] as number) + (values[i] as number))
  for (let half = LANES / 2; half >= 1; half /= 2) {
    for (let j = 0; j < half; j++) lanes[j] = fround((lanes[j] as number) + (lanes[j + half] as number))
  }
  return lanes[0] as number
}

/** Sums any number of values in the one order; the chunks' results are summed the same way. */
export function sumInOrder(values: Float32Array): number {
  const partials = new Float32Array(Math.max(1, Math.ceil(values.length / CHUNK)))
  for (let chunk = 0; chunk < partials.length; chunk++) {
    partials[chunk] = sumChunk(values, chunk * CHUNK, Math.min(values.length, (chunk + 1) * CHUNK))
  }
  return partials.length === 1 ? (partials[0] as number) : sumInOrder(partials)
}

export function maximumOf(values: Float32Array): number {
  return values.reduce((best, x) => (best < x ? x : best))
}

/** Reduces x viewed as [outer, n, inner] over n; returns whether a result left the domain. */
export function reduce(
  combine: (values: Float32Array) => number,
  x: Float32Array,
  out: Float32Array,
  [n, inner]: readonly [number, number],
): boolean {
  let diverged = false
  const values = new Float32Array(n)
  for (let e = 0; e < out.length; e++) {
    const base = Math.floor(e / inner) * n * inner + (e % inner)
    for (let i = 0; i < n; i++) values[i] = x[base + i * inner] as number
    const result = canonicalise(combine(values))
    out[e] = result.value
    diverged ||= result.diverged
  }
  return diverged
}

/** SPEC: N6. Adds row i of g into row index[i] of out, in ascending i; true when a sum left the domain. */
export function scatterAdd(g: Float32Array, index: Int32Array, out: Float32Array, width: number): boolean {
  out.fill(0)
  const rows = out.length / width
  let diverged = false
  index.forEach((row, i) => {
    if (row < 0 || row >= rows) {
      diverged = true
      return
    }
    for (let d = 0; d < width; d++)
      out[row * width + d] = fround((out[row * width + d] as number) + (g[i * width + d] as number))
  })
  for (let e = 0; e < out.length; e++) {
    const result = canonicalise(out[e] as number)
    out[e] = result.value
    diverged ||= result.diverged
  }
  return diverged
}
