/** Reverse-mode differentiation of a graph under construction: one pass over the gradient table. */

import { type Tensor, tensorOf } from './graph.ts'
import type { OperatorName } from './operators/attributes.ts'
import { type GradientRule, gradientRules } from './operators/gradients.ts'
import { add, constantF32 } from './tensor-functions.ts'

/** Marks the nodes through which a gradient can reach one of the targets. */
function leadsTo(targets: ReadonlySet<number>, last: Tensor): boolean[] {
  const leads: boolean[] = []
  for (let id = 0; id <= last.id; id++) {
    leads.push(targets.has(id) || last.builder.node(id).inputs.some(input => leads[input]))
  }
  return leads
}

/**
 * Appends the gradients of a scalar loss [1] and returns one per target, in the target's shape. A target the loss
 * does not depend on has no gradient (undefined). Gradients that meet are added in descending program order.
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): (Tensor | undefined)[] {
  const { builder } = loss
  const leads = leadsTo(new Set(targets.map(target => target.id)), loss)
  const gradientOf = new Map<number, Tensor>([[loss.id, constantF32(builder, loss.shape, [1])]])
  for (let id = loss.id; id >= 0; id--) {
    const g = gradientOf.get(id)
    const node = builder.node(id)
    if (g === undefined || !leads[id] || node.inputs.length === 0) continue
    const inputs = node.inputs.map(input => tensorOf(builder, builder.node(input)))
    const rule = gradientRules[node.operator] as GradientRule<OperatorName>
    rule({ inputs, y: tensorOf(builder, node), g, attributes: node.attributes }).forEach((gradient, n) => {
      const input = node.inputs[n] as number
      if (gradient === undefined || !leads[input]) return
      const sum = gradientOf.get(input)
      gradientOf.set(input, sum === undefined ? gradient : add(sum, gradient))
    })
  }
  return targets.map(target => gradientOf.get(target.id))
}
