/**
 * The operators as functions over tensors, so that models and gradient rules read like formulas. Nothing is computed
 * here; each call appends a node.
 */

import type { GraphBuilder, Tensor } from './graph.ts'
import type { MapAttributes, MapName, OperatorAttributes } from './operators/attributes.ts'
import { canonicalise } from './scalar/evaluate.ts'
import { bitsOf } from './scalar/program.ts'
import { elementCount, type QuantisedDType, type Shape, sameShape } from './tensor-type.ts'

type Plain = { [N in MapName]: MapAttributes[N] extends { readonly [key: string]: never } ? N : never }[MapName]

function apply<N extends MapName>(name: N, inputs: readonly Tensor[], attributes: MapAttributes[N]): Tensor {
  return (inputs[0] as Tensor).builder.apply(name, inputs, attributes as OperatorAttributes[N])
}
const plain = (name: Plain, ...inputs: Tensor[]) => apply(name, inputs, {})

export const add = (x: Tensor, y: Tensor) => plain('add', x, y)
export const subtract = (x: Tensor, y: Tensor) => plain('subtract', x, y)
export const multiply = (x: Tensor, y: Tensor) => plain('multiply', x, y)
export const absolute = (x: Tensor) => plain('absolute', x)
export const exp = (x: Tensor) => plain('exp', x)
export const log = (x: Tensor) => plain('log', x)
export const reciprocal = (x: Tensor) => plain('reciprocal', x)
export const reciprocalSquareRoot = (x: Tensor) => plain('reciprocalSquareRoot', x)
export const relu = (x: Tensor) => plain('relu', x)
export const reluGradient = (x: Tensor, g: Tensor) => plain('reluGradient', x, g)
export const gelu = (x: Tensor) => plain('gelu', x)
export const geluGradient = (x: Tensor, g: Tensor) => plain('geluGradient', x, g)
export const silu = (x: Tensor) => plain('silu', x)
export const siluGradient = (x: Tensor, g: Tensor) => plain('siluGradient', x, g)
export const gather = (table: Tensor, index: Tensor) => plain('gather', table, index)
export const pick = (x: Tensor, index: Tensor) => plain('pick', x, index)
export const replaceRow = (cache: Tensor, row: Tensor, position: Tensor) => plain('replaceRow', cache, row, position)
export const stack = (scalars: readonly Tensor[]) => plain('stack', ...scalars)

/** Multiplies by a constant, rounded once to f32 unless given as bits. */
export const scale = (x: Tensor, factor: number) => scaleBits(x, bitsOf(factor))
export const scaleBits = (x: Tensor, bits: number) => apply('scale', [x], { bits })
export const offset = (x: Tensor, value: number) => offsetBits(x, bitsOf(value))
export const offsetBits = (x: Tensor, bits: number) => apply('offset', [x], { bits })
export const negate = (x: Tensor) => scale(x, -1)
export const permute = (x: Tensor, order: readonly number[]) => apply('permute', [x], { order })
export const place = (g: Tensor, index: Tensor, size: number) => apply('place', [g, index], { size })
export const rotary = (x: Tensor, cos: Tensor, sin: Tensor, inverse: 0 | 1 = 0) =>
  apply('rotary', [x, cos, sin], { inverse })
export const powerOfTwoScale = (absMax: Tensor, width: QuantisedDType, inverse: 0 | 1) =>
  apply('powerOfTwoScale', [absMax], { width, inverse })
export const causalMask = (x: Tensor, positions: Tensor, fill: number) =>
  apply('causalMask', [x, positions], { fillBits: bitsOf(fill) })

export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply('broadcast', [x], { shape })
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.builder.apply('reshape', [x], { shape })
}

/** Sums axes [from, to); they stay as 1. */
export const sum = (x: Tensor, from: number, to: number) => x.builder.apply('sum', [x], { from, to })
export const maximum = (x: Tensor, from: number, to: number) => x.builder.apply('maximum', [x], { from, to })
export const scatterAdd = (g: Tensor, index: Tensor, rows: number) =>
  g.builder.apply('scatterAdd', [g, index], { rows })
export const quantise = (x: Tensor, axis: -1 | -2, width: QuantisedDType, fixed: 0 | 1 = 0) =>
  x.builder.apply('quantise', [x], { axis, width, fixed })
export const dequantise = (x: Tensor) => x.builder.apply('dequantise', [x], {})
export const contract = (a: Tensor, b: Tensor) => a.builder.apply('contract', [a, b], {})

/** Rounds once to f32; what is too small for the domain becomes +0, what is too large is refused. */
export function constantF32(builder: GraphBuilder, shape: Shape, values: readonly number[]): Tensor {
  const canonicalBits = (value: number) => bitsOf(canonicalise(Math.fround(value)).value)
  return builder.apply('constant', [], { dtype: 'f32', shape, values: values.map(canonicalBits) })
}

export function constantI32(builder: GraphBuilder, values: readonly number[]): Tensor {
  return builder.apply('constant', [], { dtype: 'i32', shape: [values.length], values })
}

/** Sums the axes along which `shape` was broadcast, so that a gradient takes the shape of its operand. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  let result = x
  const missing = x.shape.length - shape.length
  const repeats = (axis: number) => axis < missing || (shape[axis - missing] === 1 && x.shape[axis] !== 1)
  for (let to = x.shape.length; to > 0; ) {
    let from = to
    while (from > 0 && repeats(from - 1)) from--
    if (from < to) result = sum(result, from, to)
    to = from < to ? from : to - 1
  }
  return reshape(result, shape)
}

/** Sums every element to shape [1]. */
export function sumAll(x: Tensor): Tensor {
  return sum(reshape(x, [elementCount(x.shape)]), 0, 1)
}

/** x [..., K] times w [K, N] (or [N, K] when `transposed`), quantised along K. */
export function matmul(x: Tensor, w: Tensor, width: QuantisedDType, transposed = false): Tensor {
  return contract(quantise(x, -1, width), quantise(w, transposed ? -1 : -2, width))
}
