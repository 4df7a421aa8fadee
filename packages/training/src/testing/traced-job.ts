/** A round of a tiny job with all its states, and the subject of a dispute about every part of it. */
import { wasm } from '@cairn/engine'
import type { HashHex } from '@cairn/primitives'
import {
  bytesId,
  checkpointSteps,
  evaluationSubject,
  type JobId,
  outerSubject,
  type ProvableJob,
  readContents,
  type Subject,
  trainingSubject,
  type UnitClaim,
} from '@cairn/protocol'
import { createExecutor } from '../execute/executor.ts'
import {
  checkpointSlots,
  globalSlots,
  replicaSlots,
  rootOfState,
  type State,
  type TensorSlot,
  updateSlots,
  zeroState,
} from '../execute/state.ts'
import { createTraces, type Traces } from '../trace/provider.ts'
import { hash, type TinyJob } from './tiny-job.ts'

export interface TracedJob {
  readonly job: TinyJob
  readonly states: Map<HashHex, State>
  /** What a game can be about: `first` and `second` are the inner steps up to those checkpoints. */
  /** What its terms and its worker's claim would say on a chain; all replicas claim the same update. */
  readonly provable: ProvableJob
  readonly claim: UnitClaim
  readonly newGlobalRoot: HashHex
  readonly subjects: Readonly<Record<'initial' | 'first' | 'second' | 'update' | 'outer' | 'evaluation', Subject>>
}

function mustBe<T>(outcome: { ok: true; value: T } | { ok: false } | undefined): T {
  if (!outcome?.ok) throw new Error('the job left the domain')
  return outcome.value
}

const REPLICA = 1
const zero = '0'.repeat(64) as HashHex

/** Does replica 1's unit of round 0, the outer step and an evaluation. */
export async function traceJob(job: TinyJob): Promise<TracedJob> {
  const { program, data, spec } = job
  const { model, leaves, programRoot } = program
  const { innerState } = spec.outer
  const { innerSteps, checkpoints, replicas } = spec.schedule
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash })
  const states = new Map<HashHex, State>()
  const keep = (slots: readonly TensorSlot[], state: State): HashHex => {
    const root = rootOfState(hash, slots, state)
    states.set(root, state)
    return root
  }
  const global = mustBe(await executor.initialState())
  const globalRoot = keep(globalSlots(model), global)
  const replicaState = zeroState(replicaSlots(model, innerState))
  const replicaRoot = keep(replicaSlots(model, innerState), replicaState)
  const unit = mustBe(
    await executor.runUnit({
      ...{ round: 0, replica: REPLICA, global, replicaState },
      async onStep({ done, progress }) {
        if (checkpointSteps(spec.schedule).includes(done)) keep(checkpointSlots(model), progress().checkpoint)
        return undefined
      },
    }),
  )
  keep(updateSlots(model), unit.update)
  const updates = Array.from({ length: replicas }, () => unit.update)
  const after = mustBe(await executor.applyOuterStep(global, updates))
  const newGlobalRoot = keep(globalSlots(model), after)
  const { lossBits } = mustBe(await executor.evaluate(after))
  await executor.close()

  const provable: ProvableJob = {
    ...{ programRoot, programLeaves: leaves.length, dataRoot: bytesId(hash, data.blob) },
    ...{ initialRoot: globalRoot, freshReplicaRoot: replicaRoot, isReplicaKept: innerState === 'keep' },
    ...{ seed: spec.seed, innerSteps, checkpoints, evaluationBatches: spec.evaluation.batches },
  }
  const contents = readContents(leaves[0] as Uint8Array)
  const place = { job: zero as string as JobId, round: 0, replica: REPLICA }
  const { updateRoot, checkpointRoots } = unit
  const claim = {
    ...{ globalRoot, replicaRoot, updateRoot, newReplicaRoot: unit.replicaRoot, checkpointRoots },
    ...{ lossBits: unit.lossBits, stepsRoot: zero, saltHash: zero },
  }
  const training = (part: number) => trainingSubject(hash, provable, contents, place, claim, part)
  const updateRoots = updates.map(() => updateRoot)
  const outer = outerSubject(provable, contents, place, { globalRoot, updateRoots, newGlobalRoot })
  const { firstOperator, operators, targets } = contents.initial
  const initial: Subject = {
    ...{ ...outer, graph: 'initial', firstOperator, operators },
    targets: targets.map(target => ({ ...target, root: globalRoot })),
  }
  const evaluated = { globalRoot: newGlobalRoot, updateRoot: zero, lossBits }
  const evaluation = evaluationSubject(hash, provable, contents, place, evaluated)
  const subjects = {
    initial,
    first: training(0),
    second: training(1),
    update: training(checkpoints),
    outer,
    evaluation,
  }
  return { job, states, subjects, provable, claim, newGlobalRoot }
}

/** The traces of a job whose states are at hand. */
export const tracesOf = ({ job, states }: Pick<TracedJob, 'job' | 'states'>, keepBytes?: number): Traces =>
  createTraces({
    program: job.program,
    data: job.data.dataset,
    dataBytes: job.data.blob,
    hash,
    backend: wasm,
    readState: async root => states.get(root),
    ...(keepBytes === undefined ? {} : { keepBytes }),
  })
