/**
 * The trace of one subject: trees of its runs, their leaves, and the bytes under them. What was found is kept until another
 * run or operator is asked for.
 */
import { bytesOf, type JudgedAccumulation, judgeable, partialsOf } from '@cairn/engine'
import { type Hash, type HashFunction, type HashHex, hashToHex, merkleLeafHash } from '@cairn/primitives'
import { operatorLeafOf, type Subject, type TraceTree, tensorLeafSizeBytes, tensorRoot } from '@cairn/protocol'
import type { SlotSource } from '../compile/graph-sources.ts'
import type { Source, StateSource } from '../compile/sources.ts'
import type { State } from '../execute/state.ts'
import { type OperatorRun, operatorRun } from './operator-run.ts'
import { type OperatorTree, operatorTree } from './operator-tree.ts'
import { counterAt, placeOfRun } from './place.ts'
import type { ReExecution } from './re-execution.ts'
import { latest } from './remember.ts'
import type { RunStates } from './run-inputs.ts'
import { type StateRoots, slotLeaf, stateRoots } from './state-roots.ts'

export interface SubjectTrace {
  readonly subject: Subject
  readonly work: ReExecution
  operators(run: number): Promise<OperatorTree>
  operator(run: number, operator: number): Promise<OperatorRun>
  /** The roots of the state that a source names, in a run. */
  state(run: number, source: StateSource): Promise<StateRoots>
  leaves(tree: TraceTree): Promise<readonly Uint8Array[]>
  leafHashes(tree: TraceTree): Promise<readonly HashHex[]>
}

/** Runs, operators and hashed trees that are kept. */
const [TREES, OPERATORS, HASHED] = [2, 1, 8] as const

/** Cuts a tensor into its leaves, without copying. */
function tensorLeaves(dtype: Parameters<typeof tensorLeafSizeBytes>[0], bytes: Uint8Array): Uint8Array[] {
  const size = tensorLeafSizeBytes(dtype)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

function stateOf(states: RunStates, { state, of }: StateSource): State {
  return (state === 'update' ? states.updates[of] : states[state]) as State
}

/** Makes the trace of a subject. Nothing runs before it is asked for. */
export function subjectTrace(work: ReExecution, subject: Subject, hash: HashFunction): SubjectTrace {
  const { program, graph, sources, slots } = work.graph
  const [trees, operatorRuns, hashed] = [
    latest<OperatorTree>(TREES),
    latest<OperatorRun>(OPERATORS),
    latest<HashHex[]>(HASHED),
  ]
  const rootsOf = stateRoots(hash)
  const operators = (run: number) => trees(String(run), () => operatorTree(work, run, hash))
  const operator = (run: number, id: number) => operatorRuns(`${run} ${id}`, () => operatorRun(work, run, id))
  const state = async (run: number, source: StateSource) =>
    rootsOf(slots[source.state], stateOf(await work.statesOf(run), source))

  async function sourceRoot(run: number, source: Source): Promise<HashHex> {
    if (source.from === 'operator') return (await operators(run)).roots[source.operator] as HashHex
    if (source.from === 'state') return (await state(run, source)).roots[source.slot] as HashHex
    if (source.from === 'position')
      return hashToHex(tensorRoot(hash, 'i32', counterAt(source.counter, placeOfRun(subject, run))))
    return (source as Extract<Source, { from: 'constant' }>).root
  }

  async function slotLeaves(run: number, target: number): Promise<Uint8Array[]> {
    const wanted = sources.targets[target] as readonly SlotSource[]
    return Promise.all(wanted.map(async ({ slot, source }) => slotLeaf(slot, await sourceRoot(run, source))))
  }

  async function leaves(tree: TraceTree): Promise<readonly Uint8Array[]> {
    if (tree.tree === 'operators') return (await operators(tree.run)).roots.map(operatorLeafOf)
    if (tree.tree === 'slots') return slotLeaves(tree.run, tree.target)
    const run = await operator(tree.run, tree.operator)
    if (tree.tree === 'elements') return tensorLeaves(run.node.dtype, run.output)
    const judged = judgeable(program.graphs[graph], run.node, hash) as JudgedAccumulation
    return tensorLeaves('f32', bytesOf(partialsOf(judged, tree.element, run.inputs)))
  }

  return {
    subject,
    work,
    operators,
    operator,
    state,
    leaves,
    leafHashes: tree =>
      hashed(JSON.stringify(tree), async () => {
        const all: Hash[] = (await leaves(tree)).map(leaf => merkleLeafHash(hash, leaf))
        return all.map(hashToHex)
      }),
  }
}
