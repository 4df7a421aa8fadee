/**
 * Compiling a job: from its specification to the program that is executed, priced and disputed. Everything the result
 * depends on is in the program root: graphs with all their constants. Nodes execute it; they never compile again.
 */
import type { Graph, Node } from '@cairn/engine'
import { encodeCanonical, type HashFunction, type HashHex, hashToHex, InputError, merkleRoot } from '@cairn/primitives'
import { decimalToF32Bits, type JobSpec } from '@cairn/protocol'
import type { Model } from '../models/model.ts'
import { evaluationGraph } from './evaluation-graph.ts'
import { innerGraph } from './inner-graph.ts'
import { initialGraph, outerGraph, updateGraph } from './outer-graphs.ts'
import { innerSettings, modelOf } from './settings.ts'

/** The graphs of a job, in the order in which the program root covers them. */
export const graphNames = ['initial', 'inner', 'update', 'outer', 'evaluation'] as const
export type GraphName = (typeof graphNames)[number]

export interface JobProgram {
  readonly spec: JobSpec
  readonly model: Model
  readonly graphs: Readonly<Record<GraphName, Graph>>
  readonly programRoot: HashHex
}

/** Writes constants as bytes: a table of integers would take four times the space in CBOR. */
function encodedAttributes({ operator, attributes }: Node): unknown {
  if (operator !== 'constant') return attributes
  const { dtype, shape, values } = attributes as { dtype: string; shape: readonly number[]; values: readonly number[] }
  return { dtype, shape, values: new Uint8Array(Int32Array.from(values, word => word | 0).buffer) }
}

/** One Merkle leaf an operator, after one for the graph's names. SPEC: docs/spec/program.md. */
export function graphLeaves(name: GraphName, { nodes, inputs, outputs, carries }: Graph): Uint8Array[] {
  const head = encodeCanonical(['cairn/graph/v1', name, nodes.length, inputs, outputs, carries])
  const body = nodes.map(node =>
    encodeCanonical([node.id, node.operator, encodedAttributes(node), node.inputs, node.dtype, node.shape]),
  )
  return [head, ...body]
}

/** The leaves under a program's root, in order. */
export const programLeaves = (graphs: JobProgram['graphs']): Uint8Array[] =>
  graphNames.flatMap(name => graphLeaves(name, graphs[name]))

/** One process has nobody to audit it; saying otherwise in a receipt would be a lie. */
function assertPolicy({ verification }: JobSpec): void {
  if (verification.policy === 'none') return
  throw new InputError('PolicyNotSupported', 'this verification policy needs a network, which is not there yet', {
    path: 'verification.policy',
    expected: 'none',
    found: verification.policy,
    fix: 'leave verification out; whoever wants to check the result uses cairn verify',
  })
}

/** Compiles a job. `vocabulary` is the tokeniser's size (ignored by classifiers). */
export function compileJob(spec: JobSpec, vocabulary: number, hash: HashFunction): JobProgram {
  assertPolicy(spec)
  const model = modelOf(spec, vocabulary)
  const { outer, schedule, evaluation, numerics } = spec
  const graphs: Record<GraphName, Graph> = {
    initial: initialGraph(model.parameters),
    inner: innerGraph(innerSettings(spec, model)),
    update: updateGraph(model.parameters),
    outer: outerGraph(model.parameters, {
      replicas: schedule.replicas,
      learningRateBits: decimalToF32Bits(outer.learningRate),
      momentumBits: decimalToF32Bits(outer.momentum),
      nesterov: outer.nesterov,
    }),
    evaluation: evaluationGraph(model, numerics.width, schedule.batch, evaluation.batches),
  }
  return { spec, model, graphs, programRoot: hashToHex(merkleRoot(hash, programLeaves(graphs))) }
}
