/**
 * The bytes of a run's inputs, and of the states at its end, by their sources: what a contract holds a trace to is what
 * the run is done from. SPEC: docs/spec/program.md "Sources".
 */
import { type Node, sizeBytes } from '@cairn/engine'
import { type HashFunction, InternalError } from '@cairn/primitives'
import type { GraphName } from '../compile/graph-names.ts'
import {
  type GraphSources,
  graphSources,
  type InputSources,
  type SlotSource,
  stateSlots,
} from '../compile/graph-sources.ts'
import type { JobProgram } from '../compile/program.ts'
import { SOURCE_STATES, type Source, type SourceState, type StateSource } from '../compile/sources.ts'
import { type Dataset, evaluationBatches, trainingBatch } from '../execute/dataset.ts'
import type { State, TensorSlot } from '../execute/state.ts'
import { counterAt, type Place } from './place.ts'

/** The states that a run reads. */
export interface RunStates {
  /** The end of the run before; none when this one begins from a unit's input. */
  readonly previous?: State
  readonly global: State
  readonly replica: State
  readonly updates: readonly State[]
}

/** A graph of a job, with what its inputs are. */
export interface RunGraph {
  readonly program: JobProgram
  readonly graph: GraphName
  readonly sources: GraphSources
  /** The tensors of every state that it reads, in the order of the state's tree. */
  readonly slots: Readonly<Record<SourceState, readonly TensorSlot[]>>
  readonly data: Dataset
}

/** Collects what a graph's runs are done from. */
export function runGraph(program: JobProgram, graph: GraphName, data: Dataset, hash: HashFunction): RunGraph {
  const slots = SOURCE_STATES.map(state => [state, stateSlots(program, graph, state)])
  return {
    program,
    graph,
    sources: graphSources(program, graph, hash),
    slots: Object.fromEntries(slots) as RunGraph['slots'],
    data,
  }
}

/** Cuts a batch into its inputs, one for each micro-batch. */
function batchInputs({ program, graph, data }: RunGraph, { replica, step }: Place): ReadonlyMap<string, Uint8Array> {
  const { spec } = program
  if (graph === 'evaluation') {
    const { x, targets } = evaluationBatches(spec, data)[step] as { x: Uint8Array; targets: Uint8Array }
    return new Map(Object.entries({ x, targets }))
  }
  const { microBatches } = spec.schedule
  const batch = trainingBatch(spec, data, replica, step)
  const inputs = new Map<string, Uint8Array>()
  for (const [name, bytes] of Object.entries(batch)) {
    const size = bytes.length / microBatches
    for (let micro = 0; micro < microBatches; micro++)
      inputs.set(microBatches > 1 ? `${name}/${micro}` : name, bytes.subarray(micro * size, (micro + 1) * size))
  }
  return inputs
}

/** Finds the tensor that a source of kind `state` names. */
function tensorOfState({ slots }: RunGraph, { state, of, slot }: StateSource, states: RunStates): Uint8Array {
  const { name } = slots[state][slot] as TensorSlot
  const from = state === 'update' ? states.updates[of] : states[state]
  const bytes = from?.get(name)
  if (bytes === undefined) throw new InternalError('MissingTensor', `the ${state} state has no ${name}`)
  return bytes
}

type Known = Exclude<Source, { readonly from: 'operator' | 'batch' }>

/** Returns the bytes of a tensor whose source is neither an operator nor the data. Constants are zeros. */
function knownBytes(graph: RunGraph, source: Known, states: RunStates, place: Place, size: number): Uint8Array {
  if (source.from === 'state') return tensorOfState(graph, source, states)
  return source.from === 'position' ? counterAt(source.counter, place) : new Uint8Array(size)
}

const isOfState = ({ later }: InputSources): boolean => later.from === 'state'

/** Collects inputs to write: all of them, or only those that change when a run carries on from the one before. */
export function runInputs(run: RunGraph, states: RunStates, place: Place, which: 'all' | 'changing') {
  const { program, graph, sources } = run
  const { nodes, inputs: ids } = program.graphs[graph]
  const inputs = new Map<string, Uint8Array>()
  const batch = graph === 'inner' || graph === 'evaluation' ? batchInputs(run, place) : undefined
  for (const [name, both] of Object.entries(sources.inputs)) {
    if (which === 'changing' && isOfState(both)) continue
    const source = states.previous === undefined ? both.first : both.later
    const size = sizeBytes(nodes[ids[name] as number] as Node)
    const bytes = source.from === 'batch' ? batch?.get(name) : knownBytes(run, source as Known, states, place, size)
    inputs.set(name, bytes as Uint8Array)
  }
  return inputs
}

/** Returns the bytes of a slot at a run's end; `output` reads an operator's. */
export function slotBytes(
  run: RunGraph,
  { slot, source }: SlotSource,
  states: RunStates,
  place: Place,
  output: (operator: number) => Uint8Array,
): Uint8Array {
  if (source.from === 'operator') return output(source.operator)
  return knownBytes(run, source as Known, states, place, sizeBytes(slot))
}
