/** What tests of gradients are made with: a graph over random inputs, its gradients, and central differences. */
import { gradients } from '../autodiff.ts'
import { floats, integers, type Random, random } from '../conformance/values.ts'
import { type Graph, type GraphBuilder, graphBuilder, input, type Tensor } from '../graph.ts'
import * as t from '../tensor-functions.ts'
import { elementCount, type Shape } from '../tensor-type.ts'
import { type DoubleTensor, evaluateInDouble } from './double-evaluator.ts'

/** Declares inputs with random values as a graph is written. */
export interface Sheet {
  readonly builder: GraphBuilder
  readonly targets: Tensor[]
  readonly values: Record<string, Float32Array | Int32Array>
  /** An f32 input with a gradient; values in [low, high), none nearer to zero than a tenth, where kinks are. */
  readonly x: (shape: Shape, low?: number, high?: number) => Tensor
  readonly index: (shape: Shape, bound: number) => Tensor
}

/** Writes what is differentiated. */
export type Formula = (s: Sheet) => Tensor

/** Starts a graph whose inputs get random values. */
export function sheet(r: Random): Sheet {
  const builder = graphBuilder()
  const targets: Tensor[] = []
  const values: Record<string, Float32Array | Int32Array> = {}
  const declare = (shape: Shape, dtype: 'f32' | 'i32', data: Float32Array | Int32Array) => {
    const name = `x${Object.keys(values).length}`
    values[name] = data
    return input(builder, name, shape, dtype)
  }
  const between = (low: number, high: number) => {
    const value = low + ((high - low) * r.word()) / 2 ** 32
    return Math.abs(value) < 0.1 ? 0.1 + value : value
  }
  return {
    builder,
    targets,
    values,
    x(shape, low = -2, high = 2) {
      const data = Float32Array.from({ length: elementCount(shape) }, () => between(low, high))
      const tensor = declare(shape, 'f32', data)
      targets.push(tensor)
      return tensor
    },
    index: (shape, bound) => declare(shape, 'i32', integers(r, elementCount(shape), bound)),
  }
}

/** A graph with a loss and its gradients. */
export interface Differentiated {
  readonly graph: Graph
  readonly values: Sheet['values']
  /** Names of the inputs that have a gradient, which the output of that name holds. */
  readonly targets: readonly string[]
}

/** The loss is a weighted sum of everything the formula returns, so that each element counts differently. */
export function differentiate(formula: Formula, seed: number): Differentiated {
  const s = sheet(random(seed))
  const y = formula(s)
  const weights = floats(random(seed + 1), elementCount(y.shape), 'unit').map(w => Math.fround(w + Math.sign(w)))
  const loss = t.sumAll(t.multiply(y, t.constantF32(s.builder, y.shape, Array.from(weights))))
  const found = gradients(loss, s.targets)
  const outputs: Record<string, Tensor> = { loss }
  const targets = s.targets.map(target => (s.builder.node(target.id).attributes as { name: string }).name)
  found.forEach((g, n) => {
    if (g !== undefined) outputs[`d ${targets[n]}`] = g
  })
  return {
    graph: s.builder.finish(outputs),
    values: s.values,
    targets: targets.filter((_, n) => found[n] !== undefined),
  }
}

export const doubles = (values: Sheet['values']) =>
  Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float64Array.from(data)]))

export const outputOf = (graph: Graph, values: readonly DoubleTensor[], name: string) =>
  values[graph.outputs[name] as number] as DoubleTensor

/** Euclidean norm. */
export const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values))
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  norm(Array.from(a, (x, i) => x - (b[i] as number)))

const STEP = 1e-5
/** Elements of an input whose differences are taken: each costs two evaluations of the graph. */
const SAMPLES = 40

/** Spreads about as many indices over a length. */
export function sampled(length: number): number[] {
  const step = Math.max(1, Math.floor(length / SAMPLES))
  return Array.from({ length: Math.ceil(length / step) }, (_, n) => n * step)
}

/** Central differences of the loss with respect to some elements of one input. */
export function centralDifferences(
  { graph, values }: Differentiated,
  name: string,
  indices: readonly number[],
): number[] {
  const point = doubles(values)
  const lossAt = (index: number, x: number) => {
    const moved = Float64Array.from(point[name] as Float64Array)
    moved[index] = x
    return outputOf(graph, evaluateInDouble(graph, { ...point, [name]: moved }), 'loss')[0] as number
  }
  return indices.map(i => {
    const x = point[name]?.[i] as number
    return (lossAt(i, x + STEP) - lossAt(i, x - STEP)) / (2 * STEP)
  })
}
