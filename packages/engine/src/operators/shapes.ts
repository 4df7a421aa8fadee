/** Shape rules: from the inputs' types and the attributes to the output's type, or an error naming both sides. */
import { InputError } from '@cairn/primitives'
import {
  broadcastShape,
  type DType,
  elementCount,
  isQuantised,
  type Shape,
  sameShape,
  type TensorType,
} from '../tensor-type.ts'
import type { OperatorAttributes, OperatorName } from './attributes.ts'

export type ShapeRule<N extends OperatorName> = (
  inputs: readonly TensorType[],
  attributes: OperatorAttributes[N],
) => TensorType

const render = (types: readonly TensorType[]) =>
  types.map(t => `${t.dtype}[${t.shape.join()}]`).join(', ') || 'no input'

function mismatch(expected: string, inputs: readonly TensorType[]): never {
  throw new InputError('ShapeMismatch', `the operator takes ${expected}, not ${render(inputs)}`, {
    expected,
    found: render(inputs),
    fix: 'check the shapes that meet at this operator',
  })
}

const f32 = (shape: Shape): TensorType => ({ dtype: 'f32', shape })

function require(condition: boolean, expected: string, inputs: readonly TensorType[]): void {
  if (!condition) mismatch(expected, inputs)
}

function dtypesAre(inputs: readonly TensorType[], ...dtypes: DType[]): boolean {
  return inputs.length === dtypes.length && inputs.every((t, n) => t.dtype === dtypes[n])
}

const unary = (inputs: readonly TensorType[]): TensorType => {
  require(dtypesAre(inputs, 'f32'), 'one f32 tensor', inputs)
  return f32((inputs[0] as TensorType).shape)
}

const binary = (inputs: readonly TensorType[]): TensorType => {
  require(dtypesAre(inputs, 'f32', 'f32'), 'two f32 tensors', inputs)
  const shape = broadcastShape((inputs[0] as TensorType).shape, (inputs[1] as TensorType).shape)
  return f32(shape ?? mismatch('shapes that broadcast', inputs))
}

const equalPair = (inputs: readonly TensorType[]): TensorType => {
  const type = binary(inputs)
  require(inputs.every(t => sameShape(t.shape, type.shape)), 'two tensors of one shape', inputs)
  return type
}

const fromKey = (inputs: readonly TensorType[], attributes: { readonly shape: Shape }): TensorType => {
  require(dtypesAre(inputs, 'i32') && sameShape((inputs[0] as TensorType).shape, [3]), 'a key i32[3]', inputs)
  return f32(attributes.shape)
}

const reduced = (inputs: readonly TensorType[], { from, to }: { from: number; to: number }): TensorType => {
  const { shape } = unary(inputs)
  require(from >= 0 && from < to && to <= shape.length, `a tensor with axes ${from} to ${to}`, inputs)
  return f32(shape.map((n, axis) => (axis >= from && axis < to ? 1 : n)))
}

/** Returns shapes right to left, so that fixed trailing axes can be named. */
const last = (shape: Shape, n: number) => shape[shape.length - n] as number

export const shapeRules: { readonly [N in OperatorName]: ShapeRule<N> } = {
  input: (_, { dtype, shape }) => ({ dtype, shape }),
  constant: (inputs, { dtype, shape, values }) => {
    require(values.length === elementCount(shape), `${elementCount(shape)} values, not ${values.length}`, inputs)
    return { dtype, shape }
  },
  add: binary,
  subtract: binary,
  multiply: binary,
  scale: unary,
  offset: unary,
  absolute: unary,
  exp: unary,
  log: unary,
  reciprocal: unary,
  reciprocalSquareRoot: unary,
  relu: unary,
  reluGradient: equalPair,
  gelu: unary,
  geluGradient: equalPair,
  silu: unary,
  siluGradient: equalPair,
  broadcast: (inputs, { shape }) => {
    const from = unary(inputs).shape
    require(sameShape(broadcastShape(from, shape) ?? [], shape), `a shape that broadcasts to [${shape.join()}]`, inputs)
    return f32(shape)
  },
  permute: (inputs, { order }) => {
    const { shape } = unary(inputs)
    require(sameShape(
      [...order].sort((a, b) => a - b),
      shape.map((_, n) => n),
    ), 'an order of all axes', inputs)
    return f32(order.map(axis => shape[axis] as number))
  },
  reshape: (inputs, { shape }) => {
    require(inputs.length === 1, 'one tensor', inputs)
    const [input] = inputs as [TensorType]
    require(!isQuantised(input.dtype) &&
      elementCount(input.shape) === elementCount(shape), `${elementCount(shape)} elements`, inputs)
    return { dtype: input.dtype, shape }
  },
  gather: inputs => {
    require(dtypesAre(inputs, 'f32', 'i32') && inputs[0]?.shape.length === 2, 'f32[V,D] and i32 indices', inputs)
    const [table, index] = inputs as [TensorType, TensorType]
    return f32([...index.shape, last(table.shape, 1)])
  },
  pick: inputs => {
    const [x, index] = inputs as [TensorType, TensorType]
    require(dtypesAre(inputs, 'f32', 'i32') &&
      x.shape.length === 2 &&
      sameShape(index.shape, [x.shape[0] as number]), 'f32[N,V] and i32[N]', inputs)
    return f32([x.shape[0] as number, 1])
  },
  place: (inputs, { size }) => {
    const [g, index] = inputs as [TensorType, TensorType]
    require(dtypesAre(inputs, 'f32', 'i32') &&
      sameShape(g.shape, [...index.shape, 1]) &&
      index.shape.length === 1, 'f32[N,1] and i32[N]', inputs)
    return f32([g.shape[0] as number, size])
  },
  stack: inputs => {
    require(inputs.length > 0 &&
      inputs.every(t => t.dtype === 'f32' && elementCount(t.shape) === 1), 'f32 scalars', inputs)
    return f32([inputs.length])
  },
  causalMask: inputs => {
    const [x, positions] = inputs as [TensorType, TensorType]
    require(dtypesAre(inputs, 'f32', 'i32') &&
      sameShape(positions.shape, [last(x.shape, 2)]), 'f32[...,Q,K] and i32[Q]', inputs)
    return x
  },
  rotary: inputs => {
    const [x, cos, sin] = inputs as [TensorType, TensorType, TensorType]
    const table = [last(x.shape, 4), last(x.shape, 1)]
    const fits = dtypesAre(inputs, 'f32', 'f32', 'f32') && last(x.shape, 2) === 2
    require(fits &&
      sameShape(cos.shape, table) &&
      sameShape(sin.shape, table), 'f32[...,T,H,2,half] and two f32[T,half]', inputs)
    return x
  },
  replaceRow: inputs => {
    const [cache, row, position] = inputs as [TensorType, TensorType, TensorType]
    const rowShape = cache.shape.map((n, axis) => (axis === cache.shape.length - 2 ? 1 : n))
    require(dtypesAre(inputs, 'f32', 'f32', 'i32') &&
      sameShape(row.shape, rowShape) &&
      elementCount(position.shape) === 1, 'f32[...,C,D], f32[...,1,D] and i32[1]', inputs)
    return cache
  },
  powerOfTwoScale: unary,
  dropoutMask: fromKey,
  normal: fromKey,
  movingAverage: equalPair,
  movingSquare: equalPair,
  adamw: inputs => {
    const [p, m, v, schedule] = inputs as [TensorType, TensorType, TensorType, TensorType]
    require(dtypesAre(inputs, 'f32', 'f32', 'f32', 'f32') &&
      sameShape(p.shape, m.shape) &&
      sameShape(p.shape, v.shape) &&
      sameShape(schedule.shape, [1, 4]), 'three tensors of one shape and a schedule row f32[1,4]', inputs)
    return p
  },
  clipFactor: inputs => {
    require(elementCount(unary(inputs).shape) === 1, 'a scalar', inputs)
    return unary(inputs)
  },
  sum: reduced,
  maximum: reduced,
  scatterAdd: (inputs, { rows }) => {
    const [g, index] = inputs as [TensorType, TensorType]
    require(dtypesAre(inputs, 'f32', 'i32') &&
      g.shape.length === 2 &&
      sameShape(index.shape, [g.shape[0] as number]), 'f32[N,D] and i32[N]', inputs)
    return f32([rows, last(g.shape, 1)])
  },
  quantise: (inputs, { axis, width }) => {
    const { shape } = unary(inputs)
    require(shape.length >= 2, 'a tensor of rank 2 or more', inputs)
    const lead = shape.slice(0, -2)
    const tail = axis === -1 ? shape.slice(-2) : [last(shape, 1), last(shape, 2)]
    return { dtype: width, shape: [...lead, ...tail] }
  },
  dequantise: inputs => {
    require(inputs.length === 1 && isQuantised((inputs[0] as TensorType).dtype), 'one quantised tensor', inputs)
    return f32((inputs[0] as TensorType).shape)
  },
  contract: inputs => {
    const [a, b] = inputs as [TensorType, TensorType]
    require(inputs.length === 2 &&
      isQuantised(a.dtype) &&
      a.dtype === b.dtype &&
      last(a.shape, 1) === last(b.shape, 1), 'two quantised tensors with one contracted axis', inputs)
    const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
    return f32([...(lead ?? mismatch('leading axes that broadcast', inputs)), last(a.shape, 2), last(b.shape, 2)])
  },
}
