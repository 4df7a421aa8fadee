/**
 * Doing the runs of a subject again. One pass over them gives all ends, and keeps states on the way, as many as fit, so
 * that one run can be looked into later without those before it. Whoever plays a game pays for these runs; they are
 * counted. SPEC: docs/spec/traces.md "Cost".
 */
import { type Executable, type RunResult, sizeBytes, type Visit } from '@cairn/engine'
import { type HashFunction, type HashHex, IntegrityError } from '@cairn/primitives'
import { DIVERGED, type Subject } from '@cairn/protocol'
import type { GraphName } from '../compile/graph-names.ts'
import { previousSlots, type SlotSource } from '../compile/graph-sources.ts'
import type { JobProgram } from '../compile/program.ts'
import type { Dataset } from '../execute/dataset.ts'
import { copyOf } from '../execute/graph-runner.ts'
import { rootOfState, type State } from '../execute/state.ts'
import type { Executables } from './executables.ts'
import { type Place, placeOfRun } from './place.ts'
import { type RunGraph, type RunStates, runGraph, runInputs, slotBytes } from './run-inputs.ts'

/** Reads a state by its root: the global one, a replica's, an update, a checkpoint. */
export type ReadState = (root: HashHex) => Promise<State | undefined>

export interface ReExecutionOptions {
  readonly program: JobProgram
  readonly data: Dataset
  readonly hash: HashFunction
  readonly executables: Executables
  readonly readState: ReadState
  /** Bytes of states that may be kept between runs. */
  readonly keepBytes: number
  /** Called for every run that is done. */
  readonly onRun: () => void
}

export interface ReExecution {
  readonly graph: RunGraph
  endRoots(): Promise<readonly HashHex[]>
  /** The states that a run reads. */
  statesOf(run: number): Promise<RunStates>
  /** What a run's inputs are given, by their names. */
  inputsOf(run: number): Promise<ReadonlyMap<string, Uint8Array>>
  /** Does one run unfused; `visit` sees every operator's output. */
  visit(run: number, visit: Visit): Promise<RunResult>
}

/** Runs of one graph in a row. */
interface Stretch {
  readonly graph: GraphName
  readonly start: RunStates
  readonly placeOf: (run: number) => Place
  readonly runs: number
}

interface RunEnd {
  readonly run: number
  /** Undefined when the run left the domain; it is the last. */
  readonly state: State | undefined
}

const missing = (what: string, root: HashHex): IntegrityError =>
  new IntegrityError('trace.missing', 'A state is missing that a dispute begins from.', {
    path: what,
    expected: `the state ${root}`,
    found: 'none',
    fix: 'Fetch its blob from a custodian.',
  })

const otherState = (expected: HashHex, found: HashHex | undefined): IntegrityError =>
  new IntegrityError('trace.state', 'The work does not lead to the state that a dispute begins from.', {
    path: 'previous',
    expected,
    found: found ?? 'a run that left the domain',
    fix: 'Dispute the part of the unit before it.',
  })

export function reExecution(options: ReExecutionOptions, subject: Subject): ReExecution {
  const { program, data, hash, executables, readState, keepBytes, onRun } = options
  const graphOf = (graph: GraphName) => runGraph(program, graph, data, hash)
  const own = graphOf(subject.graph)
  /** States after runs, by the number of the next. */
  const kept = new Map<number, State>()
  let ends: readonly HashHex[] | undefined

  async function read(what: string, root: HashHex): Promise<State> {
    const state = await readState(root)
    if (state === undefined) throw missing(what, root)
    return state
  }

  /** Reads the states that a graph's inputs and slots come from, in a first run or in later ones. */
  async function agreedStates({ sources }: RunGraph, which: 'first' | 'later'): Promise<RunStates> {
    const slots = sources.targets.flat().map(({ source }) => source)
    const all = [...Object.values(sources.inputs).map(both => both[which]), ...slots]
    const reads = new Set(all.map(source => (source.from === 'state' ? source.state : undefined)))
    const none: State = new Map()
    return {
      global: reads.has('global') ? await read('global', subject.globalRoot) : none,
      replica: reads.has('replica') ? await read('replica', subject.replicaRoot) : none,
      updates: reads.has('update') ? await Promise.all(subject.updateRoots.map(root => read('update', root))) : [],
    }
  }

  function endState(graph: RunGraph, e: Executable, states: RunStates, place: Place): State {
    const names = new Map(Object.entries(program.graphs[graph.graph].outputs).map(([name, id]) => [id, name]))
    const bytesOf = (slot: SlotSource) =>
      copyOf(slotBytes(graph, slot, states, place, operator => e.read(names.get(operator) as string)))
    const [target] = graph.sources.targets as [readonly SlotSource[]]
    return new Map(target.map(slot => [slot.slot.name, bytesOf(slot)]))
  }

  /** Does runs one after another, fused. */
  async function* forward({ graph: name, start, placeOf, runs }: Stretch): AsyncGenerator<RunEnd> {
    const graph = name === subject.graph ? own : graphOf(name)
    const e = await executables.get(name, 'fused')
    for (let run = 0; run < runs; run++) {
      const which = run === 0 ? 'all' : 'changing'
      for (const [input, bytes] of runInputs(graph, start, placeOf(run), which)) e.write(input, bytes)
      onRun()
      if (!e.run().ok) return yield { run, state: undefined }
      yield { run, state: endState(graph, e, start, placeOf(run)) }
    }
  }

  /** Does the runs before the subject's again, from the unit's input, where nobody has kept the state between. */
  async function lostState(root: HashHex): Promise<State> {
    const { graph: own_, round, innerSteps, firstStep } = subject
    const graph = own_ === 'update' ? 'inner' : own_
    const first = graph === 'inner' ? round * innerSteps : 0
    const runs = own_ === 'update' ? innerSteps : firstStep - first
    const placeOf = (run: number) => placeOfRun({ ...subject, firstStep: first }, run)
    let state: State | undefined
    for await (const end of forward({ graph, start: await agreedStates(graphOf(graph), 'first'), placeOf, runs }))
      state = end.state
    const found = state && rootOfState(hash, previousSlots(program, graph), state)
    if (state === undefined || found !== root) throw otherState(root, found)
    return state
  }

  let begun: Promise<RunStates> | undefined
  async function begin(): Promise<RunStates> {
    const { previous } = subject
    if (previous === undefined) return agreedStates(own, 'first')
    const state = (await readState(previous)) ?? (await lostState(previous))
    return { ...(await agreedStates(own, 'later')), previous: state }
  }
  const start = (): Promise<RunStates> => {
    begun ??= begin()
    return begun
  }

  /** Every how many runs a state is kept. */
  const keepEvery = Math.max(
    1,
    Math.ceil((subject.runs * own.slots.previous.reduce((n, slot) => n + sizeBytes(slot), 0)) / keepBytes),
  )

  async function allEnds(): Promise<readonly HashHex[]> {
    const roots = new Array<HashHex>(subject.runs).fill(DIVERGED)
    const slots = (own.sources.targets[0] as readonly SlotSource[]).map(({ slot }) => slot)
    const stretch = {
      graph: subject.graph,
      start: await start(),
      placeOf: (run: number) => placeOfRun(subject, run),
      runs: subject.runs,
    }
    for await (const { run, state } of forward(stretch)) {
      if (state === undefined) break
      roots[run] = rootOfState(hash, slots, state)
      if ((run + 1) % keepEvery === 0 && run + 1 < subject.runs) kept.set(run + 1, state)
    }
    return roots
  }

  async function statesOf(run: number): Promise<RunStates> {
    const first = await start()
    if (run === 0) return first
    const known = kept.get(run)
    if (known !== undefined) return { ...first, previous: known }
    const from = Math.max(0, ...[...kept.keys()].filter(each => each < run))
    const begin = from === 0 ? first : { ...first, previous: kept.get(from) as State }
    const placeOf = (each: number) => placeOfRun(subject, from + each)
    let state: State | undefined
    for await (const end of forward({ graph: subject.graph, start: begin, placeOf, runs: run - from }))
      state = end.state
    if (state === undefined) throw otherState(DIVERGED, undefined)
    kept.set(run, state)
    return { ...first, previous: state }
  }

  const inputsOf = async (run: number) => runInputs(own, await statesOf(run), placeOfRun(subject, run), 'all')

  return {
    graph: own,
    inputsOf,
    async endRoots() {
      ends ??= await allEnds()
      return ends
    },
    statesOf,
    async visit(run, visit) {
      const e = await executables.get(subject.graph, 'unfused')
      for (const [input, bytes] of await inputsOf(run)) e.write(input, bytes)
      onRun()
      return e.run(visit)
    },
  }
}
