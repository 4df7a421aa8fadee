/**
 * Quantisation along axis -2 taken apart: a permutation that swaps the last two axes, then quantisation along axis -1.
 * The bits are the same. A disputed block of 32 then reads one stretch of its input, and not 32 of them; the fused
 * lowering reads through the permutation again (`launches.ts`). Done after differentiation, whose rules want to know
 * along which axis an operand was quantised.
 */
import { type Graph, graphBuilder, type Node, type Tensor, tensorOf } from './graph.ts'
import type { OperatorAttributes } from './operators/attributes.ts'
import { permute, quantise } from './tensor-functions.ts'

const swapLast = (order: readonly number[]): readonly number[] => [
  ...order.slice(0, -2),
  order.at(-1) as number,
  order.at(-2) as number,
]

const keepsPlaces = (order: readonly number[]) => order.every((axis, place) => axis === place)

/**
 * Swaps the last two axes. The swap of a permutation is one permutation, or none where they cancel out; but only where
 * the axis that is contiguous in memory stays among the two, as a kernel can read no other without a copy.
 */
function transposed(x: Tensor): Tensor {
  const { operator, attributes, inputs } = x.builder.node(x.id)
  const axes = x.shape.map((_, axis) => axis)
  if (operator !== 'permute') return permute(x, swapLast(axes))
  const { order } = attributes as OperatorAttributes['permute']
  const joined = swapLast(order)
  if (!joined.slice(-2).includes(axes.length - 1)) return permute(x, swapLast(axes))
  const source = tensorOf(x.builder, x.builder.node(inputs[0] as number))
  return keepsPlaces(joined) ? source : permute(source, joined)
}

function rewritten({ operator, attributes }: Node, inputs: readonly Tensor[]): Tensor | undefined {
  if (operator !== 'quantise') return undefined
  const { axis, width, fixed } = attributes as OperatorAttributes['quantise']
  return axis === -2 ? quantise(transposed(inputs[0] as Tensor), -1, width, fixed) : undefined
}

/** Returns the graph without quantisation along axis -2: the same inputs, outputs and carries, and the same bits. */
export function separateTransposes({ nodes, outputs, carries }: Graph): Graph {
  const builder = graphBuilder()
  const tensors: Tensor[] = []
  for (const node of nodes) {
    const inputs = node.inputs.map(id => tensors[id] as Tensor)
    tensors.push(rewritten(node, inputs) ?? builder.apply(node.operator, inputs, node.attributes))
  }
  const named = Object.entries(outputs).map(([name, id]) => [name, tensors[id] as Tensor] as const)
  return builder.finish(Object.fromEntries(named), carries)
}
