/** A unit on the compute thread: from its states, or from where it was interrupted, to blobs and a commitment. */
import { type HashHex, IntegrityError } from '@cairn/primitives'
import type { StepValues } from '@cairn/protocol'
import { checkpointSlots, type StartNames, type State, type StepReport, type UnitResult } from '@cairn/training'
import type { ReadyJob } from './prepared-jobs.ts'
import { diverged, WorkStopped } from './problems.ts'
import type { ReadOptions, States } from './states.ts'
import { deleteProgress, readProgress, saveProgress, type UnitStart } from './unit-progress.ts'
import type { Progress, StepsDone, UnitWork, WorkResults } from './work.ts'

export interface UnitHost {
  readonly states: States
  readonly progressDirectory: string
  readonly onProgress: (progress: Progress) => void
  readonly isStopped: () => boolean
}

interface Start {
  readonly global: State
  readonly replicaState: State
  readonly replicaRoot: HashHex
}

/** SAFETY: a commitment vouches for its input; states of another round are refused before any work goes into them. */
function assertCounter(state: State, name: 'round' | 'step', expected: number): void {
  const bytes = state.get(name)
  if (bytes === undefined) return // a replica state that is empty between rounds counts nothing
  const found = new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true)
  if (found === expected) return
  throw new IntegrityError('state.counter', 'This state is not the one that the unit starts from.', {
    path: name,
    expected: String(expected),
    found: String(found),
    fix: 'Refuse the lease; its coordinator named another state.',
  })
}

type Inputs = Pick<UnitWork, 'round' | 'globalRoot' | 'replicaRoot'> & ReadOptions & { readonly names?: StartNames }

/** Reads what a unit starts from. Throws where it is not here, or of another round. */
export async function loadStart({ states }: Pick<UnitHost, 'states'>, job: ReadyJob, work: Inputs): Promise<Start> {
  const { verify = true, names } = work
  const options = (wanted?: readonly string[]) => ({ verify, ...(wanted && { names: wanted }) })
  const global = await states.load(job, 'global', work.globalRoot, options(names?.global))
  const isFresh = work.replicaRoot === undefined || job.program.spec.outer.innerState === 'reset'
  const fresh = isFresh ? states.fresh(job) : undefined
  const replicaRoot = fresh?.root ?? (work.replicaRoot as HashHex)
  const replicaState = fresh?.state ?? (await states.load(job, 'replica', replicaRoot, options(names?.replica)))
  assertCounter(global, 'round', work.round)
  assertCounter(replicaState, 'step', isFresh ? 0 : work.round * job.program.spec.schedule.innerSteps)
  return { global, replicaState, replicaRoot }
}

/**
 * Reports every step, collects what audits ask about it, and saves the progress when it is time or when the unit is to stop.
 */
function stepObserver(
  host: UnitHost,
  job: ReadyJob,
  { checkpointEverySeconds }: UnitWork,
  start: UnitStart,
  steps: Steps,
) {
  const { model, spec } = job.program
  const { innerSteps } = spec.schedule
  let savedMs = performance.now()
  return async (report: StepReport): Promise<'stop' | undefined> => {
    const { done, values, checkpointRoot } = report
    host.onProgress({ done, lossBits: values.lossBits })
    steps.values.push(values)
    if (checkpointRoot !== undefined) steps.checkpointRoots.push(checkpointRoot)
    if (done === innerSteps) return undefined
    const stop = host.isStopped()
    if (stop || performance.now() - savedMs >= 1000 * checkpointEverySeconds) {
      const progress = { ...report.progress(), values: steps.values }
      await saveProgress(host.progressDirectory, start, checkpointSlots(model), progress)
      savedMs = performance.now()
    }
    return stop ? 'stop' : undefined
  }
}

interface Steps extends StepsDone {
  readonly replicaRoot: HashHex
  readonly checkpointRoots: HashHex[]
  readonly values: StepValues[]
}

async function finish(
  host: UnitHost,
  job: ReadyJob,
  start: UnitStart,
  result: UnitResult,
  { values }: Steps,
): Promise<WorkResults['runUnit']> {
  const { round, replica, globalRoot, replicaRoot } = start
  await deleteProgress(host.progressDirectory, start)
  const commitment = {
    unit: { job: job.job, round, replica, kind: 'train' as const },
    globalRoot,
    replicaRoot,
    updateRoot: result.updateRoot,
    newReplicaRoot: result.replicaRoot,
    checkpointRoots: result.checkpointRoots,
    lossBits: result.lossBits,
  }
  return { commitment, values }
}

/** Does a unit. Throws what keeps it from being done. */
export async function performUnit(host: UnitHost, job: ReadyJob, work: UnitWork): Promise<WorkResults['runUnit']> {
  const { states } = host
  const { round, replica, globalRoot } = work
  const { global, replicaState, replicaRoot } = await loadStart(host, job, work)
  const start: UnitStart = { document: job.id, round, replica, globalRoot, replicaRoot }
  const resume = await readProgress(host.progressDirectory, start, checkpointSlots(job.program.model))
  // An audit may begin from any of them.
  const isAudited = job.program.spec.verification.policy !== 'none'
  const steps: Steps = {
    replicaRoot,
    values: [...(resume?.values ?? [])],
    checkpointRoots: [...(resume?.checkpointRoots ?? [])],
  }
  const outcome = await job.executor.runUnit({
    round,
    replica,
    global,
    replicaState,
    ...(resume && { resume }),
    keep: {
      update: state => states.keep(job, 'update', state),
      replica: state => states.keep(job, 'replica', state),
      ...(isAudited && { checkpoint: state => states.keepCheckpoint(job, state) }),
    },
    onStep: stepObserver(host, job, work, start, steps),
  })
  if (outcome === undefined) throw new WorkStopped({ ok: false, why: 'stopped' })
  if (!outcome.ok) throw new WorkStopped(diverged(outcome.diverged, steps))
  return finish(host, job, start, outcome.value, steps)
}
