/**
 * All partial results of one element at once, from whole tensors: what an honest party shows. One pass in the order of
 * the operator; `partials.ts` says what each number means, and a test holds the two together.
 */
import { contractElement } from '../backend/reference/quantisation.ts'
import { CHUNK, LANES } from '../backend/reference/reduction.ts'
import { decodeQuantised, type QuantisedValues, sizeBytes } from '../quantised-layout.ts'
import { BLOCK, type QuantisedDType } from '../tensor-type.ts'
import { contractView, reducedView, scatterView } from './element-views.ts'
import type { JudgedAccumulation, JudgedInput, JudgedReduction } from './judged-operator.ts'
import { partialCount } from './partials.ts'

const { fround } = Math

type Tensors = readonly Uint8Array[]
/** Pushes partial after partial. */
type Fill<Operator> = (push: (x: number) => void, operator: Operator, element: number, tensors: Tensors) => void

function viewOf(bytes: Uint8Array | undefined): DataView {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array
  return new DataView(buffer, byteOffset, byteLength)
}

/** Decodes the blocks of one row of an operand. */
function rowOf({ inputs }: JudgedAccumulation, n: number, tensors: Tensors, first: number, blocks: number) {
  const dtype = (inputs[n] as JudgedInput).dtype as QuantisedDType
  const size = sizeBytes({ dtype, shape: [BLOCK] })
  const bytes = (tensors[n] as Uint8Array).subarray(first * size, (first + blocks) * size)
  return decodeQuantised(dtype, [blocks * BLOCK], bytes)
}

const contract: Fill<JudgedAccumulation> = (push, operator, element, tensors) => {
  const { first, blocks } = contractView(operator, element)
  const [a, b] = first.map((block, n) => rowOf(operator, n, tensors, block, blocks)) as [
    QuantisedValues,
    QuantisedValues,
  ]
  let sum = 0
  for (let k = 0; k < blocks; k++) {
    sum = fround(sum + contractElement(a, k, b, k, 1))
    push(sum)
  }
}

function reducedValues(operator: JudgedReduction, element: number, [bytes]: Tensors): Float32Array {
  const { count, base, stride } = reducedView(operator, element)
  const x = viewOf(bytes)
  return Float32Array.from({ length: count }, (_, i) => x.getFloat32(4 * (base + i * stride), true))
}

/** Sums one chunk; returns its result. */
function pushChunk(push: (x: number) => void, values: Float32Array): number {
  const lanes = new Float32Array(LANES)
  const add = (lane: number, x: number) => {
    lanes[lane] = (lanes[lane] as number) + x
    push(lanes[lane] as number)
  }
  values.forEach((x, i) => {
    add(i % LANES, x)
  })
  for (let half = LANES / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) add(lane, lanes[lane + half] as number)
  }
  return lanes[0] as number
}

function pushSum(push: (x: number) => void, values: Float32Array): void {
  const results = Float32Array.from({ length: Math.ceil(values.length / CHUNK) }, (_, chunk) =>
    pushChunk(push, values.subarray(chunk * CHUNK, (chunk + 1) * CHUNK)),
  )
  if (results.length > 1) pushSum(push, results)
}

const sum: Fill<JudgedReduction> = (push, operator, element, tensors) =>
  pushSum(push, reducedValues(operator, element, tensors))

const maximum: Fill<JudgedReduction> = (push, operator, element, tensors) => {
  const values = reducedValues(operator, element, tensors)
  let best = values[0] as number
  for (const x of values) {
    if (best < x) best = x
    push(best)
  }
}

const scatterAdd: Fill<JudgedAccumulation> = (push, operator, element, [gBytes, indexBytes]) => {
  const { row, column, width, count } = scatterView(operator, element)
  const [g, index] = [viewOf(gBytes), viewOf(indexBytes)]
  let total = 0
  for (let t = 0; t < count; t++) {
    if (index.getInt32(4 * t, true) === row) total = fround(total + g.getFloat32(4 * (t * width + column), true))
    push(total)
  }
}

const fills = { contract, sum, maximum, scatterAdd }

/** Computes all partials of an element; `tensors` are the operator's inputs as canonical bytes. */
export function partialsOf(operator: JudgedAccumulation, element: number, tensors: Tensors): Float32Array {
  const partials = new Float32Array(partialCount(operator))
  let q = 0
  const fill = fills[operator.class] as Fill<JudgedAccumulation>
  fill(x => (partials[q++] = x), operator, element, tensors)
  return partials
}
