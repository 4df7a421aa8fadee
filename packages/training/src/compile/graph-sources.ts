/**
 * Where every input of a job's graphs comes from, and of what every state at a run's end consists: what `loadUnit`,
 * `finishUnit` and the executor do, as a table that a contract can judge by. SPEC: docs/spec/program.md "Sources".
 */
import { encodeElementProgram, type Graph, type Node, sizeBytes } from '@cairn/engine'
import { type HashFunction, hashToHex, InternalError } from '@cairn/primitives'
import { type JobSpec, orderedEntries, tensorRoot } from '@cairn/protocol'
import {
  checkpointSlots,
  globalSlots,
  ROUND,
  replicaSlots,
  STEP,
  type TensorSlot,
  updateSlots,
} from '../execute/state.ts'
import type { Model } from '../models/model.ts'
import {
  type BatchOperand,
  type BatchProgram,
  type DataFacts,
  evaluationPrograms,
  trainingPrograms,
} from './batch-programs.ts'
import { MEAN_LOSS } from './evaluation-graph.ts'
import type { GraphName } from './graph-names.ts'
import { UNIT_LOSS } from './inner-graph.ts'
import { errorFeedback, localParameter, updateOf } from './outer-graphs.ts'
import { type BatchOperandSource, type Counter, type Source, type SourceState, statePrefix } from './sources.ts'

/** A job as far as the judged part of its program depends on it. */
export interface CompiledJob {
  readonly spec: JobSpec
  readonly model: Model
  readonly facts: DataFacts
  readonly graphs: Readonly<Record<GraphName, Graph>>
}

/** Where an input comes from in the first run of a unit, an evaluation or an outer step, and in later ones. */
export interface InputSources {
  readonly first: Source
  readonly later: Source
}

export interface SlotSource {
  readonly slot: TensorSlot
  readonly source: Source
}

export interface GraphSources {
  /** By the name of the input. */
  readonly inputs: Readonly<Record<string, InputSources>>
  /** The states at a run's end, their slots in the order of the state's tree. */
  readonly targets: readonly (readonly SlotSource[])[]
}

const scalar = (name: string): TensorSlot => ({ name, dtype: 'f32', shape: [1] })

/** The one slot of the state at an evaluation's end, and of that with a unit's loss. */
const meanSlots = [scalar(MEAN_LOSS)]
const lossSlots = [scalar(UNIT_LOSS)]

/** The tensors of the state that a graph calls the end of the run before, in the order of its tree. */
export function previousSlots({ model }: Pick<CompiledJob, 'model'>, graph: GraphName): readonly TensorSlot[] {
  if (graph === 'evaluation') return meanSlots
  return graph === 'inner' || graph === 'update' ? orderedEntries(checkpointSlots(model)) : []
}

/** The tensors of the states that a job's graphs read, in the order of their trees. */
export function stateSlots(
  job: Pick<CompiledJob, 'model' | 'spec'>,
  graph: GraphName,
  state: SourceState,
): readonly TensorSlot[] {
  if (state === 'previous') return previousSlots(job, graph)
  if (state === 'global') return orderedEntries(globalSlots(job.model))
  if (state === 'update') return orderedEntries(updateSlots(job.model))
  return orderedEntries(replicaSlots(job.model, job.spec.outer.innerState))
}

/** Says where tensors come from, within one graph. */
interface Origins {
  readonly state: (state: SourceState, name: string, of?: number) => Source
  readonly zeros: (slot: Pick<TensorSlot, 'dtype' | 'shape'>) => Source
  readonly output: (name: string) => Source
}

function originsOf(job: CompiledJob, graph: GraphName, hash: HashFunction): Origins {
  const known = new Map<SourceState, ReadonlyMap<string, readonly [slot: number, tensor: TensorSlot]>>()
  const places = (state: SourceState) => {
    const found = known.get(state) ?? new Map(stateSlots(job, graph, state).map((each, i) => [each.name, [i, each]]))
    known.set(state, found)
    return found
  }
  return {
    state(state, name, of = 0) {
      const place = places(state).get(name)
      if (place === undefined) throw new InternalError('UnknownSlot', `the ${state} state has no tensor ${name}`)
      const [slot, tensor] = place
      return { from: 'state', state, of, slot, slots: places(state).size, prefix: statePrefix(tensor) }
    },
    zeros: slot => ({
      from: 'constant',
      root: hashToHex(tensorRoot(hash, slot.dtype, new Uint8Array(sizeBytes(slot)))),
    }),
    output: name => ({ from: 'operator', operator: job.graphs[graph].outputs[name] as number }),
  }
}

const position = (counter: Counter): Source => ({ from: 'position', counter })
const always = (source: Source): InputSources => ({ first: source, later: source })

/** The data's blob has one part, of bytes (SPEC: docs/spec/messages.md "Blobs"). */
const dataPrefix = (bytes: number) => statePrefix({ name: 'bytes', dtype: 'u8', shape: [bytes] })

const ELEMENT_BYTES = { u8: 1, u16: 2, u32: 4, f32: 4, i32: 4 } as const

function operandSource(operand: BatchOperand, hash: HashFunction): BatchOperandSource {
  const { dtype, elements, values } = operand
  if (operand.from === 'position') return { from: 'position', dtype, elements }
  if (operand.from === 'data')
    return { from: 'data', dtype, elements, prefix: dataPrefix(elements * ELEMENT_BYTES[dtype]) }
  return { from: 'constant', dtype, elements, root: hashToHex(tensorRoot(hash, 'f32', values as Uint8Array)) }
}

function batchSource({ program, operands }: BatchProgram, hash: HashFunction): Source {
  const codeHash = hashToHex(hash(encodeElementProgram(program)))
  return { from: 'batch', codeHash, operands: operands.map(operand => operandSource(operand, hash)) }
}

/** The batch programs of a graph, by input. */
export function batchPrograms({ spec, model, facts }: CompiledJob, graph: GraphName): Record<string, BatchProgram> {
  if (graph === 'inner') return trainingPrograms(spec, model, facts)
  return graph === 'evaluation' ? evaluationPrograms(spec, model, facts) : {}
}

/** The states at the end of a graph's run: their tensors, in the order of their trees. */
export function targetSlots({ model, spec }: Pick<CompiledJob, 'model' | 'spec'>, graph: GraphName) {
  const states: Readonly<Record<GraphName, readonly (readonly TensorSlot[])[]>> = {
    initial: [globalSlots(model)],
    inner: [checkpointSlots(model)],
    update: [updateSlots(model), replicaSlots(model, spec.outer.innerState), lossSlots],
    outer: [globalSlots(model)],
    evaluation: [meanSlots],
  }
  return states[graph].map(slots => orderedEntries(slots))
}

interface Rule {
  readonly input: (name: string, node: Node) => InputSources
  readonly slot: (slot: TensorSlot, target: number) => Source
}
type MakeRule = (job: CompiledJob, origins: Origins) => Rule

const parameterNames = ({ parameters }: Model): ReadonlySet<string> => new Set(parameters.map(({ name }) => name))

const rules: Readonly<Record<GraphName, MakeRule>> = {
  initial: ({ model }, { output, zeros }) => {
    const parameters = parameterNames(model)
    return {
      input: () => always(position('key')),
      slot: slot => (parameters.has(slot.name) ? output(slot.name) : zeros(slot)),
    }
  },

  inner: ({ model, spec }, { state, zeros, output }) => {
    const parameters = parameterNames(model)
    const carried = new Set(checkpointSlots(model).map(({ name }) => name))
    const first = (name: string, node: Node): Source => {
      if (parameters.has(name)) return state('global', name)
      const isKept = name !== UNIT_LOSS && spec.outer.innerState === 'keep'
      return isKept ? state('replica', name) : zeros(node)
    }
    return {
      input: (name, node) => {
        if (carried.has(name)) return { first: first(name, node), later: state('previous', name) }
        return always(position(name === 'step' ? 'step' : 'key'))
      },
      slot: ({ name }) => output(`next/${name}`),
    }
  },

  update: ({ model, spec }, { state, zeros, output }) => {
    const local = new Map(model.parameters.map(({ name }) => [localParameter(name), name]))
    const errors = new Map(model.parameters.map(({ name }) => [errorFeedback(name), name]))
    const slots: readonly Rule['slot'][] = [
      ({ name }) => output(updateOf(name, 0)),
      ({ name }) => {
        const parameter = errors.get(name)
        if (parameter !== undefined) return output(`next/${parameter}`)
        return name === STEP ? position('stepsDone') : state('previous', name)
      },
      ({ name }) => state('previous', name),
    ]
    return {
      input: (name, node) => {
        if (errors.has(name)) return always(spec.outer.innerState === 'keep' ? state('replica', name) : zeros(node))
        const parameter = local.get(name)
        return always(parameter === undefined ? state('global', name) : state('previous', parameter))
      },
      slot: (slot, target) => (slots[target] as Rule['slot'])(slot, target),
    }
  },

  outer: ({ model, spec }, { state, output }) => {
    const updates = new Map<string, { readonly name: string; readonly replica: number }>()
    for (const { name } of model.parameters)
      for (let replica = 0; replica < spec.schedule.replicas; replica++)
        updates.set(updateOf(name, replica), { name, replica })
    return {
      input: name => {
        const update = updates.get(name)
        return always(update === undefined ? state('global', name) : state('update', update.name, update.replica))
      },
      slot: ({ name }) => (name === ROUND ? position('roundsDone') : output(`next/${name}`)),
    }
  },

  evaluation: (_, { state, zeros, output }) => ({
    input: (name, node) =>
      name === MEAN_LOSS ? { first: zeros(node), later: state('previous', name) } : always(state('global', name)),
    slot: ({ name }) => output(`next/${name}`),
  }),
}

/** Computes the sources of one graph. Throws `InputError` where the data does not fit (`batch-programs.ts`). */
export function graphSources(job: CompiledJob, graph: GraphName, hash: HashFunction): GraphSources {
  const { nodes, inputs } = job.graphs[graph]
  const batches = batchPrograms(job, graph)
  const { input, slot: sourceOf } = rules[graph](job, originsOf(job, graph, hash))
  const sourcesOf = (name: string, id: number): InputSources => {
    const batch = batches[name]
    return batch === undefined ? input(name, nodes[id] as Node) : always(batchSource(batch, hash))
  }
  return {
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, id]) => [name, sourcesOf(name, id)])),
    targets: targetSlots(job, graph).map((slots, target) =>
      slots.map(slot => ({ slot, source: sourceOf(slot, target) })),
    ),
  }
}
