/**
 * Compiling a job: from its specification to the program that is executed, priced and disputed. Everything the result
 * depends on is in the program root: graphs with all their constants. Nodes execute it; they never compile again.
 */
import type { Graph } from '@cairn/engine'
import { type HashFunction, type HashHex, hashToHex, merkleRoot } from '@cairn/primitives'
import { decimalToF32Bits, type JobSpec } from '@cairn/protocol'
import { evaluationGraph } from './evaluation-graph.ts'
import type { GraphName } from './graph-names.ts'
import type { CompiledJob } from './graph-sources.ts'
import { innerGraph } from './inner-graph.ts'
import { initialGraph, outerGraph, updateGraph } from './outer-graphs.ts'
import { type ProgramLeaves, programLeaves } from './program-leaves.ts'
import { innerSettings, modelOf } from './settings.ts'

/** A compiled job: its graphs, and the leaves that a contract reads of them. */
export interface JobProgram extends CompiledJob, ProgramLeaves {
  readonly programRoot: HashHex
}

/** Completes compiled graphs with their leaves and root. */
export function programOf(job: CompiledJob, hash: HashFunction): JobProgram {
  const { leaves, places } = programLeaves(job, hash)
  return { ...job, leaves, places, programRoot: hashToHex(merkleRoot(hash, leaves)) }
}

/** Compiles a job. `data` says what its data is, as `prepareData` does. */
export function compileJob(
  spec: JobSpec,
  data: { readonly vocabulary: number; readonly facts: { readonly tokens: number } },
  hash: HashFunction,
): JobProgram {
  const facts = { vocabulary: data.vocabulary, tokens: data.facts.tokens }
  const model = modelOf(spec, facts.vocabulary)
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
  return programOf({ spec, model, facts, graphs }, hash)
}
