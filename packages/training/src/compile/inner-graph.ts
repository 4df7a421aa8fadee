/**
 * One inner step as a graph: forward and backward over the micro-batches, gradient accumulation, global-norm
 * clipping, AdamW with decoupled weight decay (Loshchilov and Hutter 2019). Parameters and moments are carried inputs.
 */
import {
  add,
  bitsOf,
  constantF32,
  type Graph,
  type GraphBuilder,
  gather,
  gradients,
  graphBuilder,
  input,
  multiply,
  type QuantisedDType,
  scale,
  separateTransposes,
  stack,
  sumAll,
  type Tensor,
} from '@cairn/engine'
import { InternalError } from '@cairn/primitives'
import type { Model, Parameter, Parameters } from '../models/model.ts'
import { batchInputs, batchLoss, dropoutFrom } from './loss-graph.ts'
import { type OptimiserSettings, scheduleRows } from './schedule.ts'

export interface InnerSettings {
  readonly model: Model
  readonly width: QuantisedDType
  readonly batch: number
  readonly microBatches: number
  readonly dropout: number
  readonly optimiser: OptimiserSettings
  /** Inner steps of the whole job, and after how many the moments restart (the whole job when they are kept). */
  readonly steps: number
  readonly momentSteps: number
  /** Inner steps of a unit: the unit's loss is their mean. */
  readonly unitSteps: number
}

/** Names of the state tensors that belong to a parameter. */
export const firstMoment = (name: string) => `moment1/${name}`
export const secondMoment = (name: string) => `moment2/${name}`

/** Carried input that sums the unit's mean loss. */
export const UNIT_LOSS = 'unitLoss'

/** Declares every parameter as an input. */
export function parameterInputs(builder: GraphBuilder, parameters: readonly Parameter[]): Parameters {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, input(builder, name, shape)]))
}

interface Accumulated {
  readonly loss: Tensor
  readonly gradients: readonly Tensor[]
}

function accumulate(builder: GraphBuilder, s: InnerSettings, parameters: Parameters): Accumulated {
  const key = input(builder, 'key', [3], 'i32')
  const targets = s.model.parameters.map(({ name }) => parameters[name] as Tensor)
  const dropout = dropoutFrom(key, s.dropout)
  let [loss, sums]: [Tensor | undefined, Tensor[]] = [undefined, []]
  for (let micro = 0; micro < s.microBatches; micro++) {
    const inputs = batchInputs(builder, s.model, s.batch / s.microBatches, s.microBatches > 1 ? `/${micro}` : '')
    const own = scale(batchLoss(s.model, parameters, inputs, { width: s.width, dropout }), 1 / s.microBatches)
    const found = gradients(own, targets).map((g, i) => {
      if (g === undefined)
        throw new InternalError('UnusedParameter', `the loss does not depend on ${s.model.parameters[i]?.name}`)
      return g
    })
    loss = loss === undefined ? own : add(loss, own)
    sums = micro === 0 ? found : sums.map((sum, i) => add(sum, found[i] as Tensor))
  }
  return { loss: loss as Tensor, gradients: sums }
}

/** Squared norms of the gradients in the name order of their parameters; their sum is the global norm's (SPEC: N3). */
function squaredNormsOf(parameters: readonly Parameter[], found: readonly Tensor[]): Tensor {
  const byName = parameters.map((p, i) => [p.name, sumAll(multiply(found[i] as Tensor, found[i] as Tensor))] as const)
  const ordered = byName.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
  return stack(ordered)
}

function clipped(found: readonly Tensor[], norm: Tensor, maximumBits: number): readonly Tensor[] {
  const factor = norm.builder.apply('clipFactor', [norm], { maximumBits })
  return found.map(g => multiply(g, factor))
}

/**
 * Builds the graph of one inner step. Outputs: `loss`, `squaredNorms` of the gradients of all parameters, their sum
 * `squaredNorm`, and the next value of every carried input.
 */
export function innerGraph(s: InnerSettings): Graph {
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, s.model.parameters)
  const { loss, gradients: found } = accumulate(builder, s, parameters)
  const squaredNorms = squaredNormsOf(s.model.parameters, found)
  const squaredNorm = sumAll(squaredNorms)
  const step = input(builder, 'step', [1], 'i32')
  const row = (decays: boolean): Tensor => {
    const rows = scheduleRows(s.optimiser, s.steps, s.momentSteps, decays)
    return gather(constantF32(builder, [rows.length, 4], rows.flat()), step) // [1, 4]
  }
  const [withDecay, without] = [row(true), row(false)]
  const { beta1, beta2, bits } = s.optimiser
  const unitLoss = add(input(builder, UNIT_LOSS, [1]), scale(loss, 1 / s.unitSteps))
  const outputs: Record<string, Tensor> = { loss, squaredNorms, squaredNorm }
  const carries: Record<string, string> = {}
  const advance = (name: string, next: Tensor) => {
    outputs[`next/${name}`] = next
    carries[name] = `next/${name}`
  }
  advance(UNIT_LOSS, unitLoss)
  clipped(found, squaredNorm, bits.clipNorm).forEach((g, i) => {
    const { name, shape, decay } = s.model.parameters[i] as Parameter
    const moment1 = builder.apply('movingAverage', [input(builder, firstMoment(name), shape), g], {
      decayBits: bits.beta1,
      restBits: bitsOf(1 - beta1),
    })
    const moment2 = builder.apply('movingSquare', [input(builder, secondMoment(name), shape), g], {
      decayBits: bits.beta2,
      restBits: bitsOf(1 - beta2),
    })
    const p = parameters[name] as Tensor
    const next = builder.apply('adamw', [p, moment1, moment2, decay ? withDecay : without], {
      epsilonBits: bits.epsilon,
    })
    advance(name, next)
    advance(firstMoment(name), moment1)
    advance(secondMoment(name), moment2)
  })
  return separateTransposes(builder.finish(outputs, carries))
}
