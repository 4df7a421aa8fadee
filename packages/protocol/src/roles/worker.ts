/**
 * The worker as a pure function: takes leases, follows rounds, keeps what others leave behind. A restarted worker begins
 * with nothing but its blobs and is told the rest again. SPEC: protocol.md section 2; docs/decisions/0004-network.md.
 */
import type { JobId } from '../units.ts'
import type { Ticked } from './events.ts'
import { changeJob, changeTask, type Draft, jobOf, joinJob, note, setBusy } from './worker/draft.ts'
import type { WorkerEffect, WorkerEvent } from './worker/events.ts'
import { follow, onApplied, onClosed, onReportNoted, tendReports } from './worker/follow.ts'
import { onIncluded, onUnitsClosed, tendUnseen } from './worker/inclusion.ts'
import { onKeep, onKeepFetched, onPin, onPinnedNoted, tendKeeps, tendPinned, tendPins } from './worker/keep.ts'
import { onPrepared } from './worker/prepare.ts'
import { finish, onOpen, sendSeal } from './worker/sealed.ts'
import type { WorkerState } from './worker/state.ts'
import { abandon, onCommitNoted, onLease, runWhenReady, sendCommit, sendProgress, tendCustody } from './worker/task.ts'

type Handlers = {
  readonly [E in WorkerEvent['event']]: (draft: Draft, event: Extract<WorkerEvent, { event: E }>) => void
}

/** Tells whether an answer of the executor is about the task that is still wanted. */
const isCurrent = (draft: Draft, job: JobId, lease: number): boolean => jobOf(draft, job)?.task?.body.lease === lease

/** The executor is free again, whatever the answer was about. */
function freeExecutor(draft: Draft, lease: number): void {
  if (draft.state.busy?.lease === lease) setBusy(draft, undefined)
}

const handlers: Handlers = {
  lease(draft, { from, job, body }) {
    joinJob(draft, job, from, body.document)
    onLease(draft, job, body)
  },
  closed(draft, { from, job, ...round }) {
    joinJob(draft, job, from, round.body.document)
    onUnitsClosed(draft, job, round)
    onClosed(draft, job, round)
  },
  anchored(draft, { job, round, document }) {
    draft.effects.push({ effect: 'anchored', job, round, document })
    // What is still needed is asked for again, and is there already.
    changeJob(draft, job, old => ({ ...old, blobs: new Map([...old.blobs].filter(([, s]) => s === 'fetching')) }))
  },
  ended(draft, { job, outcome, reason }) {
    if (draft.state.busy?.job === job) draft.effects.push({ effect: 'stop', job })
    const jobs = new Map(draft.state.jobs)
    jobs.delete(job)
    const keeps = new Map([...draft.state.keeps].filter(([, { keep }]) => keep.job !== job))
    const pins = new Map([...draft.state.pins].filter(([, { pin }]) => pin.job !== job))
    const pinned = new Map([...draft.state.pinned].filter(([id]) => id !== job))
    draft.state = { ...draft.state, jobs, keeps, pins, pinned }
    draft.effects.push({ effect: 'ended', job, outcome, reason })
  },
  noted(draft, { job, body }) {
    if (body.about === 'commit') onCommitNoted(draft, job, body)
    if (body.about === 'report') onReportNoted(draft, job, body.round)
    if (body.about === 'pinned') onPinnedNoted(draft, job)
  },
  keep: (draft, { keep }) => onKeep(draft, keep),
  kept(draft, { job, unit, custody, claimSignature }) {
    const task = jobOf(draft, job)?.task
    const { round, replica } = task?.body.unit ?? {}
    const isMine = task?.phase === 'custody' && unit.round === round && unit.replica === replica
    // SAFETY: a commitment with the signature of somebody that nobody drew may be refused again and again.
    if (!isMine || !task.askedMs.has(custody.peer) || task.custody.some(({ peer }) => peer === custody.peer)) return
    changeTask(draft, job, t => ({
      ...t,
      custody: [...t.custody, custody],
      claimSignatures: new Map(t.claimSignatures).set(custody.account, claimSignature),
    }))
  },
  included: (draft, { job, unit, refused }) => onIncluded(draft, job, unit, refused),
  pin: (draft, { pin }) => onPin(draft, pin),
  prepared: (draft, { job, ok, reason, isSealed }) => onPrepared(draft, job, ok, reason, isSealed),
  open: onOpen,
  fetched(draft, { job, root, ok, reason }) {
    const status = ok ? 'here' : { retryMs: draft.nowMs + draft.state.settings.retryMs }
    onKeepFetched(draft, job, root, status)
    // What was kept for others only is no part of the worker's own work, nor a reason for anything in it.
    if (!jobOf(draft, job)?.blobs.has(root)) return
    changeJob(draft, job, old => ({ ...old, blobs: new Map(old.blobs).set(root, status) }))
    if (!ok) note(draft, `the blob ${root.slice(0, 8)} could not be fetched: ${reason}`, { job })
  },
  progress(draft, { job, lease, done, lossBits }) {
    if (!isCurrent(draft, job, lease)) return
    changeTask(draft, job, task => ({ ...task, done, lossBits }))
    const { sentMs = 0, sentDone = 0 } = jobOf(draft, job)?.task ?? {}
    if (draft.nowMs - sentMs >= (sentDone === 0 ? FIRST_PROGRESS_MS : PROGRESS_MS)) sendProgress(draft, job)
  },
  trained(draft, { job, lease, signed, salt }) {
    freeExecutor(draft, lease)
    if (isCurrent(draft, job, lease)) finish(draft, job, { signed }, signed, salt)
  },
  evaluated(draft, { job, lease, evaluation }) {
    freeExecutor(draft, lease)
    if (!isCurrent(draft, job, lease)) return
    changeTask(draft, job, t => ({ ...t, phase: 'commit', outcome: { lease, outcome: 'evaluated', evaluation } }))
    sendCommit(draft, job)
  },
  diverged(draft, { job, lease, unit, divergence, signed, salt }) {
    freeExecutor(draft, lease)
    if (!isCurrent(draft, job, lease)) return
    const commitment = { ...signed, custody: [] }
    const outcome = { lease, outcome: 'diverged', unit, diverged: divergence, commitment } as const
    finish(draft, job, { outcome }, signed, salt)
  },
  failed(draft, { job, lease, reason }) {
    freeExecutor(draft, lease)
    if (!isCurrent(draft, job, lease)) return
    changeTask(draft, job, task => ({ ...task, phase: 'inputs' }))
    abandon(draft, job, reason)
  },
  applied: (draft, { job, round, outcome, claims }) => onApplied(draft, job, round, outcome, claims),
  leave(draft) {
    draft.state = { ...draft.state, leaving: true }
    for (const id of draft.state.jobs.keys()) abandon(draft, id, 'the node is leaving')
  },
  timer(draft) {
    tendPinned(draft)
    for (const [id, { task }] of draft.state.jobs) {
      tendReports(draft, id)
      if (task === undefined || draft.nowMs - task.sentMs < draft.state.settings.resendMs) continue
      if (task.phase === 'commit') sendCommit(draft, id)
      else if (task.phase === 'sealed') sendSeal(draft, id)
      else sendProgress(draft, id)
    }
  },
}

/** That a unit has begun is seen soon; units of a moment say nothing on the way. */
const FIRST_PROGRESS_MS = 100
const PROGRESS_MS = 1_000

/** Outer steps come before units: others wait for them. */
function advance(draft: Draft): void {
  for (const id of draft.state.jobs.keys()) follow(draft, id)
  for (const id of draft.state.jobs.keys()) runWhenReady(draft, id)
  for (const id of draft.state.jobs.keys()) tendCustody(draft, id)
  for (const id of draft.state.jobs.keys()) tendUnseen(draft, id)
  tendKeeps(draft)
  tendPins(draft)
}

/** Takes one event in. */
export function tickWorker(state: WorkerState, event: WorkerEvent, nowMs: number): Ticked<WorkerState, WorkerEffect> {
  const draft: Draft = { state, effects: [], nowMs }
  ;(handlers[event.event] as (draft: Draft, event: WorkerEvent) => void)(draft, event)
  advance(draft)
  return { state: draft.state, effects: draft.effects }
}
