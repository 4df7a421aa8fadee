/** A worker's tick under way; see the coordinator's draft. */
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '../../messages.ts'
import type { JobId } from '../../units.ts'
import type { Task, WorkerEffect, WorkerJob, WorkerState } from './state.ts'

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

/** Makes sure that blobs are on the disk; tells whether they all are. `round` says how long they will be needed. */
export function ensure(draft: Draft, id: JobId, round: number, wanted: readonly Wanted[]): boolean {
  let complete = true
  for (const { root, peers } of wanted) {
    const status = jobOf(draft, id)?.blobs.get(root)
    if (status === 'here') continue
    complete = false
    const waits = status === 'fetching' || (status !== undefined && draft.nowMs < status.retryMs)
    if (waits) continue
    setBlob(draft, id, root, 'fetching')
    draft.effects.push({ effect: 'fetch', job: id, round, root, peers: peers() })
  }
  return complete
}

export function setBlob(
  draft: Draft,
  id: JobId,
  root: HashHex,
  status: 'fetching' | 'here' | { retryMs: number },
): void {
  changeJob(draft, id, job => ({ ...job, blobs: new Map(job.blobs).set(root, status) }))
}
