/** What a worker does of a round, and what it claims of it: a replica's unit, the outer step, and all states between. */
import type { Backend } from '@cairn/engine'
import type { HashFunction, HashHex } from '@cairn/primitives'
import {
  bytesId,
  checkpointSteps,
  DIVERGED,
  type JobId,
  type JobSpec,
  outerSubject,
  type ProvableJob,
  readContents,
  type Subject,
  trainingSubject,
  type UnitClaim,
} from '@cairn/protocol'
import {
  checkpointSlots,
  createExecutor,
  createTraces,
  globalSlots,
  type JobProgram,
  type PreparedData,
  replicaSlots,
  rootOfState,
  type State,
  type TensorSlot,
  type Traces,
  updateSlots,
  zeroState,
} from '@cairn/training'

export interface ZooJob {
  readonly spec: JobSpec
  readonly data: PreparedData
  readonly program: JobProgram
}

/** What a worker says of its part of round 0, and the states that it holds. */
export interface Work {
  readonly claim: UnitClaim
  readonly newGlobalRoot: HashHex
  readonly states: ReadonlyMap<HashHex, State>
}

const REPLICA = 1
const ZERO = '0'.repeat(64) as HashHex

function notDone(what: string): never {
  throw new Error(`${what} left the domain`)
}

/** Does replica 1's unit of round 0 on a backend, and the outer step as if all replicas had sent the same update. */
export async function doRound({ spec, data, program }: ZooJob, backend: Backend, hash: HashFunction): Promise<Work> {
  const { model } = program
  const { checkpoints, replicas } = spec.schedule
  const executor = createExecutor(program, data.dataset, { backend, hash })
  const states = new Map<HashHex, State>()
  const keep = (slots: readonly TensorSlot[], state: State): HashHex => {
    const root = rootOfState(hash, slots, state)
    states.set(root, state)
    return root
  }
  const initial = await executor.initialState()
  const global = initial.ok ? initial.value : notDone('the initial state')
  const replicaState = zeroState(replicaSlots(model, spec.outer.innerState))
  const [globalRoot, replicaRoot] = [
    keep(globalSlots(model), global),
    keep(replicaSlots(model, spec.outer.innerState), replicaState),
  ]
  const checkpointRoots: HashHex[] = []
  const unit = await executor.runUnit({
    ...{ round: 0, replica: REPLICA, global, replicaState },
    async onStep({ done, progress }) {
      if (checkpointSteps(spec.schedule).includes(done))
        checkpointRoots.push(keep(checkpointSlots(model), progress().checkpoint))
      return undefined
    },
  })
  const start = { globalRoot, replicaRoot, stepsRoot: ZERO, saltHash: ZERO }
  if (!unit?.ok) {
    await executor.close()
    const roots = Array.from({ length: checkpoints }, (_, i) => checkpointRoots[i] ?? DIVERGED)
    const ends = { checkpointRoots: roots, updateRoot: DIVERGED, newReplicaRoot: DIVERGED, lossBits: 0 }
    return { claim: { ...start, ...ends }, newGlobalRoot: DIVERGED, states }
  }
  const { update, updateRoot, replicaRoot: newReplicaRoot, lossBits } = unit.value
  keep(updateSlots(model), update)
  const updates = Array.from({ length: replicas }, () => update)
  const after = await executor.applyOuterStep(global, updates)
  await executor.close()
  const newGlobalRoot = keep(globalSlots(model), after.ok ? after.value : notDone('the outer step'))
  return { claim: { ...start, checkpointRoots, updateRoot, newReplicaRoot, lossBits }, newGlobalRoot, states }
}

/** A part of a round that somebody claims: the steps up to a checkpoint, what the unit leaves behind, the outer step. */
export type Part = number | 'outer'

/** What a game about a part of a claim is about. */
export function subjectOf({ spec, data, program }: ZooJob, work: Work, part: Part, hash: HashFunction): Subject {
  const { claim, newGlobalRoot } = work
  const { globalRoot, replicaRoot } = claim
  const { innerSteps, checkpoints, replicas } = spec.schedule
  const provable: ProvableJob = {
    ...{ programRoot: program.programRoot, programLeaves: program.leaves.length, dataRoot: bytesId(hash, data.blob) },
    ...{ initialRoot: globalRoot, freshReplicaRoot: replicaRoot, isReplicaKept: spec.outer.innerState === 'keep' },
    ...{ seed: spec.seed, innerSteps, checkpoints, evaluationBatches: spec.evaluation.batches },
  }
  const contents = readContents(program.leaves[0] as Uint8Array)
  const place = { job: ZERO as string as JobId, round: 0, replica: REPLICA }
  if (part !== 'outer') return trainingSubject(hash, provable, contents, place, claim, part)
  const updateRoots = Array.from({ length: replicas }, () => claim.updateRoot)
  return outerSubject(provable, contents, place, { globalRoot, updateRoots, newGlobalRoot })
}

/** Lists what two claims differ in, in the order of the work. */
export function differences(a: Work, b: Work): string[] {
  const checkpoints = a.claim.checkpointRoots.flatMap((root, i) =>
    root === b.claim.checkpointRoots[i] ? [] : [`checkpoint ${i + 1}`],
  )
  const others = {
    update: a.claim.updateRoot === b.claim.updateRoot,
    replica: a.claim.newReplicaRoot === b.claim.newReplicaRoot,
    loss: a.claim.lossBits === b.claim.lossBits,
    outer: a.newGlobalRoot === b.newGlobalRoot,
  }
  const names = Object.entries(others).flatMap(([name, isSame]) => (isSame ? [] : [name]))
  return [...checkpoints, ...names]
}

/** Makes the traces of a party: what its backend computes, from the states that it holds. */
export const tracesOn = (
  backend: Backend,
  { data, program }: ZooJob,
  states: ReadonlyMap<HashHex, State>,
  hash: HashFunction,
  keepBytes?: number,
): Traces =>
  createTraces({
    ...{ program, data: data.dataset, dataBytes: data.blob, hash, backend },
    readState: async root => states.get(root),
    ...(keepBytes === undefined ? {} : { keepBytes }),
  })
