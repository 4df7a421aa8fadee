/**
 * Gradient rules: from an operator's inputs and the gradient of its output to the gradients of its inputs.
 * A rule appends ordinary operators. `undefined` means that no gradient flows there.
 *
 * Quantisation is straight-through: `quantise` passes its gradient unchanged, and `contract` computes gradients in
 * the orientation of the tensors that were quantised, requantised along the axis contracted in the backward pass.
 */
import { InternalError } from '@cairn/primitives'
import { type Node, type Tensor, tensorOf } from '../graph.ts'
import * as t from '../tensor-functions.ts'
import type { QuantisedDType } from '../tensor-type.ts'
import type { OperatorAttributes, OperatorName } from './attributes.ts'

interface Context<N extends OperatorName> {
  readonly inputs: readonly Tensor[]
  /** The operator's own output. */
  readonly y: Tensor
  /** Gradient of the loss with respect to y, in y's shape (for `quantise`: in its input's shape). */
  readonly g: Tensor
  readonly attributes: OperatorAttributes[N]
}

type Gradients = readonly (Tensor | undefined)[]
export type GradientRule<N extends OperatorName> = (context: Context<N>) => Gradients

const none = (): Gradients => []
const first = (inputs: readonly Tensor[]) => inputs[0] as Tensor
const second = (inputs: readonly Tensor[]) => inputs[1] as Tensor

/** Operators of the optimiser and of inference: nothing is ever differentiated through them. */
const notDifferentiable = (): never => {
  throw new InternalError('NoGradient', 'a gradient was asked of an operator that has none')
}

function inverseOrder(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis))
}

/** Finds the tensor a quantised operand was made from, and along which of its axes. */
function source(operand: Tensor): { readonly tensor: Tensor; readonly axis: -1 | -2 } {
  const node = operand.builder.node(operand.id)
  if (node.operator !== 'quantise') {
    throw new InternalError('NoGradientSource', 'only operands quantised in the same graph have a gradient')
  }
  const quantised = node as Node<'quantise'>
  const tensor = tensorOf(operand.builder, operand.builder.node(quantised.inputs[0] as number))
  return { tensor, axis: quantised.attributes.axis }
}

/**
 * Gradient of one operand of y[m,n] = sum_k a[m,k] b[n,k], in the shape of the operand's source: g, contracted over
 * the other operand's rows (its axis -1 for a, -2 for b), times the other operand.
 */
function operandGradient(own: Tensor, other: Tensor, g: Tensor, contracted: -1 | -2): Tensor {
  const width = own.dtype as QuantisedDType
  const { tensor: ownSource, axis } = source(own)
  const { tensor: otherSource, axis: otherAxis } = source(other)
  const gradient = t.quantise(g, contracted, width) // rows of own, contracted over rows of other
  const partner = t.quantise(otherSource, otherAxis === -1 ? -2 : -1, width) // rows k, contracted over rows of other
  const result = axis === -1 ? t.contract(gradient, partner) : t.contract(partner, gradient)
  return t.sumTo(result, ownSource.shape)
}

/** Views a gradient [..., 1-sized axes] over the shape that was reduced. */
const spread = ({ inputs, g }: Context<'sum'>): Gradients => [t.broadcast(g, first(inputs).shape)]

const binary =
  (left: (c: Context<OperatorName>) => Tensor, right: (c: Context<OperatorName>) => Tensor) =>
  (c: Context<OperatorName>): Gradients => [
    t.sumTo(left(c), first(c.inputs).shape),
    t.sumTo(right(c), second(c.inputs).shape),
  ]

export const gradientRules: { readonly [N in OperatorName]: GradientRule<N> } = {
  input: none,
  constant: none,
  add: binary(
    c => c.g,
    c => c.g,
  ),
  subtract: binary(
    c => c.g,
    c => t.negate(c.g),
  ),
  multiply: binary(
    c => t.multiply(c.g, second(c.inputs)),
    c => t.multiply(c.g, first(c.inputs)),
  ),
  scale: ({ g, attributes }) => [t.scaleBits(g, attributes.bits)],
  offset: ({ g }) => [g],
  absolute: none,
  exp: ({ y, g }) => [t.multiply(g, y)],
  log: ({ inputs, g }) => [t.multiply(g, t.reciprocal(first(inputs)))],
  reciprocal: ({ y, g }) => [t.negate(t.multiply(g, t.multiply(y, y)))],
  reciprocalSquareRoot: ({ y, g }) => [t.scale(t.multiply(g, t.multiply(t.multiply(y, y), y)), -0.5)],
  relu: ({ inputs, g }) => [t.reluGradient(first(inputs), g)],
  reluGradient: notDifferentiable,
  gelu: ({ inputs, g }) => [t.geluGradient(first(inputs), g)],
  geluGradient: notDifferentiable,
  silu: ({ inputs, g }) => [t.siluGradient(first(inputs), g)],
  siluGradient: notDifferentiable,
  broadcast: ({ inputs, g }) => [t.sumTo(g, first(inputs).shape)],
  permute: ({ g, attributes }) => [t.permute(g, inverseOrder(attributes.order))],
  reshape: ({ inputs, g }) => [t.reshape(g, first(inputs).shape)],
  gather: ({ inputs, g }) => {
    const [table, index] = inputs as [Tensor, Tensor]
    const [rows, width] = table.shape as [number, number]
    const count = index.shape.reduce((product, n) => product * n, 1)
    return [t.scatterAdd(t.reshape(g, [count, width]), t.reshape(index, [count]), rows), undefined]
  },
  pick: ({ inputs, g }) => [t.place(g, second(inputs), first(inputs).shape[1] as number), undefined],
  place: ({ inputs, g }) => [t.pick(g, second(inputs)), undefined],
  stack: notDifferentiable,
  causalMask: ({ inputs, g }) => [t.causalMask(g, second(inputs), 0), undefined],
  rotary: ({ inputs, g, attributes }) => {
    const [, cos, sin] = inputs as [Tensor, Tensor, Tensor]
    return [t.rotary(g, cos, sin, attributes.inverse === 1 ? 0 : 1), undefined, undefined]
  },
  replaceRow: notDifferentiable,
  powerOfTwoScale: none,
  dropoutMask: none,
  normal: none,
  movingAverage: notDifferentiable,
  movingSquare: notDifferentiable,
  adamw: notDifferentiable,
  clipFactor: notDifferentiable,
  sum: spread,
  maximum: none,
  scatterAdd: notDifferentiable,
  quantise: ({ g }) => [g],
  dequantise: notDifferentiable,
  contract: ({ inputs, g }) => {
    const [a, b] = inputs as [Tensor, Tensor]
    return [operandGradient(a, b, g, -1), operandGradient(b, a, g, -2)]
  },
}
