/**
 * A backend that lies at one place. A party that works, defends and traces on it is a whole dishonest worker: all that
 * follows from the lie is computed honestly, and what a visitor sees fits what comes out. Which lies there are stands in
 * `cheats.ts`. SPEC: docs/spec/program.md for the names of inputs and outputs.
 */
import type { Backend, CompileOptions, Executable, Graph, Node, RunResult, Visit } from '@cairn/engine'
import type { SubjectGraph } from '@cairn/protocol'
import { graphName, honestly, madeUp, withMadeUp, withOutputs } from './made-up-graphs.ts'

/** What a lie may be made up from. */
interface Told {
  /** Counted from the job's begin; 0 in graphs without steps. */
  readonly step: number
  /** What the operator would have computed; only where `needsHonest`. */
  readonly honest: Uint8Array
  /** Reads an input as it was before the run. */
  readonly read: (name: string) => Uint8Array
}

export type BackendLie = { readonly isIn: (step: number) => boolean } & (
  | {
      /** Runs on other inputs than it was given. */
      readonly about: 'inputs'
      readonly bytesOf: (step: number) => ReadonlyMap<string, Uint8Array>
    }
  | {
      /** These operators have another output. */
      readonly about: 'outputs'
      readonly operators: readonly number[]
      readonly needsHonest: boolean
      readonly bytesOf: (node: Node, told: Told) => Uint8Array
    }
  | {
      /** Computes honestly, but shows another output to a visitor. */
      readonly about: 'trace'
      readonly operator: number
      readonly bytesOf: (honest: Uint8Array) => Uint8Array
    }
  | {
      /** Says that this operator left the domain. */
      readonly about: 'domain'
      readonly operator: number
    }
)

/** Finds the lie about a graph; none where the backend is honest about it. */
type LieOf = (name: SubjectGraph, graph: Graph) => BackendLie | undefined

type About<K extends BackendLie['about']> = Extract<BackendLie, { about: K }>

const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

interface Lying {
  /** Runs, and tells whose outputs are read from now on. */
  run(step: number, visit: Visit | undefined): { readonly result: RunResult; readonly from: Executable }
  close(): Promise<void>
}

interface Setting {
  readonly backend: Backend
  readonly graph: Graph
  readonly options: CompileOptions
  /** Holds the inputs, and runs wherever nothing is lied about. */
  readonly honest: Executable
}

const nothingToClose = async (): Promise<void> => undefined
const snapshot = (e: Executable, names: readonly string[]) =>
  new Map(names.map((name): [string, Uint8Array] => [name, copyOf(e.read(name))]))

function onOtherInputs({ honest }: Setting, { bytesOf }: About<'inputs'>): Lying {
  return {
    run(step, visit) {
      for (const [name, bytes] of bytesOf(step)) honest.write(name, bytes)
      return { result: honest.run(visit), from: honest }
    },
    close: nothingToClose,
  }
}

async function withOtherOutputs({ backend, graph, options, honest }: Setting, lie: About<'outputs'>): Promise<Lying> {
  const { operators, needsHonest, bytesOf } = lie
  const e = await backend.compile(withMadeUp(graph, operators), options)
  return {
    run(step, visit) {
      const before = snapshot(honest, Object.keys(graph.inputs))
      const read = (name: string) => before.get(name) as Uint8Array
      const first = needsHonest ? honest.run() : { ok: true as const }
      if (!first.ok) return { result: first, from: honest }
      for (const [name, bytes] of before) e.write(name, bytes)
      for (const id of operators) {
        const own = needsHonest ? honest.read(honestly(id)) : new Uint8Array()
        e.write(madeUp(id), bytesOf(graph.nodes[id] as Node, { step, honest: own, read }))
      }
      const result = e.run(visit)
      for (const name of Object.keys(graph.carries)) honest.write(name, result.ok ? e.read(name) : read(name))
      return { result, from: e }
    },
    close: () => e.close(),
  }
}

function withOtherTrace({ honest }: Setting, { operator, bytesOf }: About<'trace'>): Lying {
  return {
    run(_, visit) {
      const shown: Visit | undefined = visit && ((id, bytes) => visit(id, id === operator ? bytesOf(bytes) : bytes))
      return { result: honest.run(shown), from: honest }
    },
    close: nothingToClose,
  }
}

function outOfDomain({ graph, options, honest }: Setting, { operator }: About<'domain'>): Lying {
  return {
    run(_, visit) {
      if (options.lowering !== 'unfused') return { result: { ok: false }, from: honest }
      const before = snapshot(honest, Object.keys(graph.carries))
      honest.run(visit && ((id, bytes) => (id < operator ? visit(id, bytes) : undefined)))
      for (const [name, bytes] of before) honest.write(name, bytes)
      return { result: { ok: false, operator }, from: honest }
    },
    close: nothingToClose,
  }
}

const lying: { readonly [K in BackendLie['about']]: (setting: Setting, lie: About<K>) => Lying | Promise<Lying> } = {
  inputs: onOtherInputs,
  outputs: withOtherOutputs,
  trace: withOtherTrace,
  domain: outOfDomain,
}

async function lyingExecutable(
  backend: Backend,
  graph: Graph,
  options: CompileOptions,
  lie: BackendLie,
): Promise<Executable> {
  const needed = lie.about === 'outputs' && lie.needsHonest ? lie.operators : []
  const honest = await backend.compile(withOutputs(graph, needed), options)
  const setting = { backend, graph, options, honest }
  const liar = await (lying[lie.about] as (setting: Setting, lie: BackendLie) => Lying | Promise<Lying>)(setting, lie)
  const stepNow = () =>
    'step' in graph.inputs ? new DataView(copyOf(honest.read('step')).buffer).getInt32(0, true) : 0
  let outputsOf = honest
  return {
    write: (name, bytes) => honest.write(name, bytes),
    read: name => (name in graph.inputs ? honest : outputsOf).read(name),
    run(visit) {
      const step = stepNow()
      const { result, from } = lie.isIn(step) ? liar.run(step, visit) : { result: honest.run(visit), from: honest }
      outputsOf = from
      return result
    },
    memoryBytes: honest.memoryBytes,
    close: async () => {
      await liar.close()
      await honest.close()
    },
  }
}

/** Wraps a backend, which computes all that is not lied about. */
export const lyingBackend = (backend: Backend, lieOf: LieOf): Backend => ({
  name: backend.name,
  async compile(graph, options = {}) {
    const lie = lieOf(graphName(graph), graph)
    return lie === undefined ? backend.compile(graph, options) : lyingExecutable(backend, graph, options, lie)
  },
})
