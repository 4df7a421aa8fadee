/** A unit on the compute thread: from its states, or from where it was interrupted, to blobs and a commitment. */
import { bitsOf } from '@cairn/engine'
import { type HashHex, IntegrityError } from '@cairn/primitives'
import type { Commitment } from '@cairn/protocol'
import { checkpointSlots, type State, type StepReport, type UnitResult } from '@cairn/training'
import type { ReadyJob } from './prepared-jobs.ts'
import { diverged, WorkStopped } from './problems.ts'
import type { States } from './states.ts'
import { deleteProgress, readProgress, saveProgress, type UnitStart } from './unit-progress.ts'
import type { Progress, UnitWork } from './work.ts'

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

async function load({ states }: UnitHost, job: ReadyJob, work: UnitWork): Promise<Start> {
  const global = await states.load(job, 'global', work.globalRoot)
  const isFresh = work.replicaRoot === undefined || job.program.spec.outer.innerState === 'reset'
  const fresh = isFresh ? states.fresh(job) : undefined
  const replicaRoot = fresh?.root ?? (work.replicaRoot as HashHex)
  const replicaState = fresh?.state ?? (await states.load(job, 'replica', replicaRoot))
  assertCounter(global, 'round', work.round)
  assertCounter(replicaState, 'step', isFresh ? 0 : work.round * job.program.spec.schedule.innerSteps)
  return { global, replicaState, replicaRoot }
}

/** Reports every step, and saves the progress when it is time or when the unit is to stop. */
function stepObserver(host: UnitHost, { program }: ReadyJob, { checkpointEverySeconds }: UnitWork, start: UnitStart) {
  const { innerSteps } = program.spec.schedule
  let savedMs = performance.now()
  return async (report: StepReport): Promise<'stop' | undefined> => {
    const { done, loss } = report
    host.onProgress({ done, lossBits: bitsOf(loss) })
    if (done === innerSteps) return undefined
    const stop = host.isStopped()
    if (stop || performance.now() - savedMs >= 1000 * checkpointEverySeconds) {
      await saveProgress(host.progressDirectory, start, checkpointSlots(program.model), report.progress())
      savedMs = performance.now()
    }
    return stop ? 'stop' : undefined
  }
}

async function finish(host: UnitHost, job: ReadyJob, start: UnitStart, result: UnitResult): Promise<Commitment> {
  const { round, replica, globalRoot, replicaRoot } = start
  await host.states.keep(job, 'update', result.update, result.updateRoot)
  await host.states.keep(job, 'replica', result.replicaState, result.replicaRoot)
  await deleteProgress(host.progressDirectory, start)
  return {
    unit: { job: job.job, round, replica, kind: 'train' },
    globalRoot,
    replicaRoot,
    updateRoot: result.updateRoot,
    newReplicaRoot: result.replicaRoot,
    checkpointRoots: result.checkpointRoots,
    lossBits: result.lossBits,
  }
}

/** Does a unit. Throws what keeps it from being done. */
export async function performUnit(host: UnitHost, job: ReadyJob, work: UnitWork): Promise<Commitment> {
  const { round, replica, globalRoot } = work
  const { global, replicaState, replicaRoot } = await load(host, job, work)
  const start: UnitStart = { document: job.id, round, replica, globalRoot, replicaRoot }
  const resume = await readProgress(host.progressDirectory, start, checkpointSlots(job.program.model))
  const outcome = await job.executor.runUnit({
    round,
    replica,
    global,
    replicaState,
    ...(resume && { resume }),
    onStep: stepObserver(host, job, work, start),
  })
  if (outcome === undefined) throw new WorkStopped({ ok: false, why: 'stopped' })
  if (!outcome.ok) throw new WorkStopped(diverged(outcome.diverged))
  return finish(host, job, start, outcome.value)
}
