/**
 * The graphs around a round: initial weights, a replica's update with error feedback (int8 blocks), and the outer
 * step over all replicas (DiLoCo, Douillard et al. 2023, with Nesterov momentum). Programs like any other.
 */
import {
  add,
  bitsOf,
  broadcast,
  constantF32,
  dequantise,
  type Graph,
  graphBuilder,
  input,
  NORMAL_SUM_DEVIATION,
  quantise,
  reshape,
  scale,
  scaleBits,
  subtract,
  type Tensor,
} from '@cairn/engine'
import type { Parameter } from '../models/model.ts'
import { parameterInputs } from './inner-graph.ts'

/** Names of the state tensors that belong to a parameter. */
export const outerMomentum = (name: string) => `momentum/${name}`
export const errorFeedback = (name: string) => `error/${name}`
/** Names of the tensors of the update graph and of the outer step. */
export const localParameter = (name: string) => `local/${name}`
export const updateOf = (name: string, replica: number) => `update${replica}/${name}`

/** Width of updates, whatever the job's contractions use. */
export const UPDATE_WIDTH = 'mx8'

/** A tensor as the matrix that updates are quantised in: rows of its last axis. */
export const asMatrix = (shape: readonly number[]): readonly [number, number] => {
  const columns = shape.at(-1) as number
  return [shape.reduce((n, size) => n * size, 1) / columns, columns]
}

/** Outputs every parameter's initial value. Input: `key` i32 [3] = seed, 0, 0. */
export function initialGraph(parameters: readonly Parameter[]): Graph {
  const builder = graphBuilder()
  const key = input(builder, 'key', [3], 'i32')
  const outputs = parameters.map(({ name, shape, initial }, stream): [string, Tensor] => {
    if (initial.kind === 'constant') return [name, broadcast(constantF32(builder, [1], [initial.value]), shape)]
    const unitBits = bitsOf(initial.deviation / NORMAL_SUM_DEVIATION)
    return [name, builder.apply('normal', [key], { shape, stream, unitBits })]
  })
  return builder.finish(Object.fromEntries(outputs))
}

/** Inputs: parameters, `local/NAME`, `error/NAME`. Outputs: `update0/NAME` quantised, and the next `error/NAME`. */
export function updateGraph(parameters: readonly Parameter[]): Graph {
  const builder = graphBuilder()
  const globals = parameterInputs(builder, parameters)
  const outputs: Record<string, Tensor> = {}
  const carries: Record<string, string> = {}
  for (const { name, shape } of parameters) {
    const moved = subtract(globals[name] as Tensor, input(builder, localParameter(name), shape))
    const wanted = add(moved, input(builder, errorFeedback(name), shape))
    const sent = quantise(reshape(wanted, asMatrix(shape)), -1, UPDATE_WIDTH)
    outputs[updateOf(name, 0)] = sent
    outputs[`next/${name}`] = subtract(wanted, reshape(dequantise(sent), shape))
    carries[errorFeedback(name)] = `next/${name}`
  }
  return builder.finish(outputs, carries)
}

export interface OuterSettings {
  readonly replicas: number
  readonly learningRateBits: number
  readonly momentumBits: number
  readonly nesterov: boolean
}

/** Inputs: parameters, `momentum/NAME`, every replica's update in replica order. Carries parameters and momentum. */
export function outerGraph(parameters: readonly Parameter[], s: OuterSettings): Graph {
  const builder = graphBuilder()
  const globals = parameterInputs(builder, parameters)
  const outputs: Record<string, Tensor> = {}
  const carries: Record<string, string> = {}
  for (const { name, shape } of parameters) {
    const updates = Array.from({ length: s.replicas }, (_, replica) =>
      dequantise(input(builder, updateOf(name, replica), asMatrix(shape), UPDATE_WIDTH)),
    )
    const mean = reshape(
      scale(
        updates.reduce((sum, u) => add(sum, u)),
        1 / s.replicas,
      ),
      shape,
    )
    const momentum = add(scaleBits(input(builder, outerMomentum(name), shape), s.momentumBits), mean)
    const direction = s.nesterov ? add(scaleBits(momentum, s.momentumBits), mean) : momentum
    outputs[`next/${name}`] = subtract(globals[name] as Tensor, scaleBits(direction, s.learningRateBits))
    outputs[`next/${outerMomentum(name)}`] = momentum
    carries[name] = `next/${name}`
    carries[outerMomentum(name)] = `next/${outerMomentum(name)}`
  }
  return builder.finish(outputs, carries)
}
