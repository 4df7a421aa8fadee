/** A worker's tick under way; see the coordinator's draft. */
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '../../messages.ts'
import type { JobId } from '../../units.ts'
import type { WorkerEffect } from './events.ts'
import type { BlobStatus, BlobStatuses, Task, WorkerJob, WorkerState } from './state.ts'

export interface Draft {
  state: WorkerState
  readonly effects: WorkerEffect[]
  readonly nowMs: number
}

export const jobOf = (draft: Draft, id: JobId): WorkerJob | undefined => draft.state.jobs.get(id)

export function putJob(draft: Draft, job: WorkerJob): void {
  draft.state = { ...draft.state, jobs: new Map(draft.state.jobs).set(job.job, job) }
}

export function changeJob(draft: Draft, id: JobId, change: (job: WorkerJob) => WorkerJob): void {
  const job = jobOf(draft, id)
  if (job !== undefined) putJob(draft, change(job))
}

export const changeTask = (draft: Draft, id: JobId, change: (task: Task) => Task): void =>
  changeJob(draft, id, job => (job.task === undefined ? job : { ...job, task: change(job.task) }))

export const dropTask = (draft: Draft, id: JobId): void => changeJob(draft, id, ({ task: _, ...job }) => job)

export function setBusy(draft: Draft, busy: WorkerState['busy']): void {
  const { busy: _, ...rest } = draft.state
  draft.state = busy === undefined ? rest : { ...rest, busy }
}

export function note(draft: Draft, text: string, about: { job?: JobId; round?: number; replica?: number } = {}): void {
  draft.effects.push({ effect: 'reason', text, ...about })
}

/** Joins a job that a coordinator speaks of. */
export function joinJob(draft: Draft, id: JobId, coordinator: string, document: HashHex): WorkerJob {
  const known = jobOf(draft, id)
  const job: WorkerJob = known
    ? { ...known, coordinator, document }
    : {
        job: id,
        coordinator,
        document,
        prepared: 'no',
        blobs: new Map(),
        heads: new Map(),
        closed: new Map(),
        reports: new Map(),
      }
  putJob(draft, job)
  return job
}

/** A blob and where it may be. PERF: asked for only when it is to be fetched; a round may need hundreds. */
interface Wanted {
  readonly root: HashHex
  readonly peers: () => readonly PeerAddress[]
}

/** Asks for the blobs that are neither here nor being fetched; returns where all of them stand then. */
export function askFor(
  draft: Draft,
  { job, round, blobs }: { readonly job: JobId; readonly round: number; readonly blobs: BlobStatuses },
  wanted: readonly Wanted[],
): BlobStatuses {
  const isDue = (status: BlobStatus | undefined) =>
    status === undefined || (typeof status === 'object' && draft.nowMs >= status.retryMs)
  const due = wanted.filter(({ root }) => isDue(blobs.get(root)))
  for (const { root, peers } of due) draft.effects.push({ effect: 'fetch', job, round, root, peers: peers() })
  return due.length === 0 ? blobs : new Map([...blobs, ...due.map(({ root }) => [root, 'fetching'] as const)])
}

export const areHere = (blobs: BlobStatuses, wanted: readonly Pick<Wanted, 'root'>[]): boolean =>
  wanted.every(({ root }) => blobs.get(root) === 'here')

/** Makes sure that blobs are on the disk; tells whether they all are. `round` says how long they will be needed. */
export function ensure(draft: Draft, id: JobId, round: number, wanted: readonly Wanted[]): boolean {
  const job = jobOf(draft, id)
  if (job === undefined) return false
  const blobs = askFor(draft, { job: id, round, blobs: job.blobs }, wanted)
  if (blobs !== job.blobs) putJob(draft, { ...job, blobs })
  return areHere(blobs, wanted)
}
