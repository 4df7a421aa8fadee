/** The compute thread's work, one row a kind. Everything here is one of the pure functions that a job is made of. */
import { type HashFunction, IntegrityError } from '@cairn/primitives'
import { type Outcome, openContents, type State } from '@cairn/training'
import { performAudit } from './perform-audit.ts'
import { type Moves, moveFinder } from './perform-move.ts'
import { performUnit, type UnitHost } from './perform-unit.ts'
import { type JobsOptions, onWasm, type PreparedJobs, preparedJobs, type ReadyJob } from './prepared-jobs.ts'
import { diverged, problemOf, WorkStopped } from './problems.ts'
import { createStateCache } from './state-cache.ts'
import { createStates } from './states.ts'
import type { Answer, Work, WorkKind, WorkOf, WorkResults } from './work.ts'

interface Host extends UnitHost {
  readonly hash: HashFunction
  readonly jobs: PreparedJobs
  readonly moves: Moves
}

type Perform<Kind extends WorkKind> = (host: Host, job: ReadyJob, work: WorkOf<Kind>) => Promise<WorkResults[Kind]>

function unwrapped<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new WorkStopped(diverged(outcome.diverged))
}

async function initialState({ states }: Host, job: ReadyJob): Promise<State> {
  const { initialRoot, blobs } = job.document
  return blobs.initial === undefined
    ? unwrapped(await job.executor.initialState())
    : states.load(job, 'global', initialRoot)
}

const performers: { readonly [Kind in WorkKind]: Perform<Kind> } = {
  async prepare(_, { job, executor, provable }) {
    return { job, memoryBytes: await executor.stepMemoryBytes(), provable }
  },

  async initialState(host, job) {
    const { initialRoot } = job.document
    const globalRoot = await host.states.keep(job, 'global', await initialState(host, job))
    if (globalRoot === initialRoot) return { globalRoot }
    throw new IntegrityError('document.refused', 'The job begins with another state than its document says.', {
      path: 'initialRoot',
      expected: globalRoot,
      found: initialRoot,
      fix: 'Refuse the job; an honest submitter writes its document with cairn.',
    })
  },

  runUnit: performUnit,

  async applyOuterStep({ states }, job, { globalRoot, updateRoots }) {
    const global = await states.load(job, 'global', globalRoot)
    const updates: State[] = []
    for (const root of updateRoots) updates.push(await states.load(job, 'update', root))
    const next = unwrapped(await job.executor.applyOuterStep(global, updates))
    return { globalRoot: await states.keep(job, 'global', next) }
  },

  async evaluate({ states }, job, { globalRoot }) {
    const found = unwrapped(await job.executor.evaluate(await states.load(job, 'global', globalRoot)))
    const { lossBits, correct, total, meanBits } = found
    return { lossBits, correct, total, values: meanBits.map(bits => ({ lossBits: bits, normBits: [] })) }
  },

  audit: performAudit,
  move: ({ moves }, job, work) => moves.find(job, work),

  contents: async ({ hash }, { program }) => openContents(program, hash),
}

export interface PerformerOptions
  extends Pick<UnitHost, 'progressDirectory'>,
    Pick<JobsOptions, 'blobs' | 'threads' | 'hash'>,
    Partial<Pick<JobsOptions, 'backendFor'>> {
  readonly cacheBytes: number
}

export type Performer = (work: Work, events: Pick<UnitHost, 'onProgress' | 'isStopped'>) => Promise<Answer<WorkKind>>

/** Creates what performs requests, one at a time. Never throws: whatever goes wrong is in the answer. */
export function createPerformer(options: PerformerOptions): Performer {
  const { blobs, hash, threads, cacheBytes, progressDirectory, backendFor = onWasm } = options
  const jobs = preparedJobs({ blobs, hash, threads, backendFor })
  const states = createStates(blobs, createStateCache(cacheBytes))
  const moves = moveFinder(states, hash, threads)
  return async (work, events) => {
    try {
      const job = await jobs.ready(work.document)
      const perform = performers[work.kind] as Perform<WorkKind>
      return { ok: true, value: await perform({ hash, jobs, states, moves, progressDirectory, ...events }, job, work) }
    } catch (error) {
      return problemOf(error)
    }
  }
}
