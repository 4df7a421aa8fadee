/**
 * What the executor writes into and reads out of each graph of a job: names and types, which follow from the model and
 * the specification alone. A program from elsewhere must have just these (SPEC: docs/spec/program.md).
 */
import { graphBuilder, type Shape, type TensorType } from '@cairn/engine'
import type { JobSpec } from '@cairn/protocol'
import type { Model, Parameter } from '../models/model.ts'
import { MEAN_LOSS } from './evaluation-graph.ts'
import type { GraphName } from './graph-names.ts'
import { firstMoment, secondMoment, UNIT_LOSS } from './inner-graph.ts'
import { batchInputs } from './loss-graph.ts'
import { asMatrix, errorFeedback, localParameter, outerMomentum, UPDATE_WIDTH, updateOf } from './outer-graphs.ts'

type Named = readonly (readonly [name: string, type: TensorType])[]

export interface GraphBorder {
  readonly inputs: Named
  /** Inputs that may be missing. */
  readonly optional?: Named
  readonly outputs: Named
  /** From the input that changes to the output that it takes its next value from. */
  readonly carries: readonly (readonly [to: string, from: string])[]
}

const f32 = (shape: Shape): TensorType => ({ dtype: 'f32', shape })
const i32 = (shape: Shape): TensorType => ({ dtype: 'i32', shape })
const scalar = f32([1])
const key: Named = [['key', i32([3])]]

/** A tensor of every parameter's shape, under a name made from the parameter's. */
const each = (parameters: readonly Parameter[], name: (parameter: string) => string): Named =>
  parameters.map(p => [name(p.name), f32(p.shape)])
const same = (name: string) => name
const next = (name: string) => `next/${name}`

const updates = (parameters: readonly Parameter[], replica: number): Named =>
  parameters.map(p => [updateOf(p.name, replica), { dtype: UPDATE_WIDTH, shape: asMatrix(p.shape) }])

/** Outputs and carries of tensors whose next values are named after them. */
const advancing = (named: Named): Pick<GraphBorder, 'outputs' | 'carries'> => ({
  outputs: named.map(([name, type]) => [next(name), type]),
  carries: named.map(([name]) => [name, next(name)]),
})

function batch(model: Model, size: number, suffix = ''): Named {
  const { x, targets } = batchInputs(graphBuilder(), model, size, suffix)
  return [
    [`x${suffix}`, x],
    [`targets${suffix}`, targets],
  ]
}

function innerBorder({ schedule }: JobSpec, model: Model): GraphBorder {
  const state = [same, firstMoment, secondMoment].flatMap(name => each(model.parameters, name))
  const carried: Named = [...state, [UNIT_LOSS, scalar]]
  const { microBatches: parts } = schedule
  const suffixes = Array.from({ length: parts }, (_, micro) => (parts > 1 ? `/${micro}` : ''))
  const { outputs, carries } = advancing(carried)
  return {
    inputs: [...carried, ['step', i32([1])], ...suffixes.flatMap(s => batch(model, schedule.batch / parts, s))],
    optional: key, // only dropout reads it
    outputs: [['loss', scalar], ['squaredNorms', f32([model.parameters.length])], ['squaredNorm', scalar], ...outputs],
    carries,
  }
}

function updateBorder({ parameters }: Model): GraphBorder {
  return {
    inputs: [same, localParameter, errorFeedback].flatMap(name => each(parameters, name)),
    outputs: [...updates(parameters, 0), ...each(parameters, next)],
    carries: parameters.map(({ name }) => [errorFeedback(name), next(name)]),
  }
}

function outerBorder({ schedule }: JobSpec, { parameters }: Model): GraphBorder {
  const carried = [same, outerMomentum].flatMap(name => each(parameters, name))
  const received = Array.from({ length: schedule.replicas }, (_, replica) => updates(parameters, replica)).flat()
  return { inputs: [...carried, ...received], ...advancing(carried) }
}

function evaluationBorder({ schedule }: JobSpec, model: Model): GraphBorder {
  const mean: Named = [[MEAN_LOSS, scalar]]
  const { outputs, carries } = advancing(mean)
  const logits =
    model.kind === 'language' ? [schedule.batch * model.context, model.vocabulary] : [schedule.batch, model.classes]
  return {
    inputs: [...each(model.parameters, same), ...batch(model, schedule.batch), ...mean],
    outputs: [['logits', f32(logits)], ...outputs],
    carries,
  }
}

/** How many inputs the largest border has: what a program's size is checked against before any border is built. */
export const inputCount = ({ schedule }: JobSpec, { parameters }: Model): number =>
  parameters.length * (schedule.replicas + 3) + 2 * schedule.microBatches

/** Returns the border of every graph. */
export const graphBorders = (spec: JobSpec, model: Model): Readonly<Record<GraphName, GraphBorder>> => ({
  initial: { inputs: key, outputs: each(model.parameters, same), carries: [] },
  inner: innerBorder(spec, model),
  update: updateBorder(model),
  outer: outerBorder(spec, model),
  evaluation: evaluationBorder(spec, model),
})
