/** Keeping blobs for others: what another worker's unit left behind, and what a submitter pins. */
import type { JobId } from '../../units.ts'
import { changeJob, type Draft, ensure, jobOf, putJob } from './draft.ts'
import { ensurePrepared } from './prepare.ts'
import type { Keep, Pin, Pinned } from './state.ts'

const keepKey = ({ unit, holder }: Keep): string => `${unit.job}/${unit.round}/${unit.replica}/${holder.peer}`

/** A custodian need not take part in the job; it only knows where its blobs stand. */
function knowJob(draft: Draft, job: Keep['job']): void {
  if (jobOf(draft, job) !== undefined) return
  const nothing = { blobs: new Map(), heads: new Map(), closed: new Map(), reports: new Map() }
  putJob(draft, { job, coordinator: '', document: '' as never, prepared: 'no', ...nothing })
}

export function onKeep(draft: Draft, keep: Keep): void {
  knowJob(draft, keep.job)
  draft.state = { ...draft.state, keeps: new Map(draft.state.keeps).set(keepKey(keep), keep) }
}

export function onPin(draft: Draft, pin: Pin): void {
  knowJob(draft, pin.job)
  changeJob(draft, pin.job, job => ({ ...job, document: pin.document }))
  draft.state = { ...draft.state, pins: new Map(draft.state.pins).set(`${pin.job}/${pin.submitter}`, pin) }
}

/** Answers every promise whose blobs are here. */
export function tendKeeps(draft: Draft): void {
  for (const [key, keep] of draft.state.keeps) {
    const roots = [keep.updateRoot, keep.newReplicaRoot].map(root => ({ root, peers: () => [keep.holder] }))
    if (!ensure(draft, keep.job, keep.unit.round, roots)) continue
    draft.effects.push({ effect: 'sendKept', keep })
    draft.state = { ...draft.state, keeps: without(draft.state.keeps, key) }
  }
  for (const [key, pin] of draft.state.pins) {
    const roots = pin.roots.map(root => ({ root, peers: () => pin.sources }))
    if (!ensure(draft, pin.job, 0, roots)) continue
    sayPinned(draft, { pin, isNoted: false })
    // Who holds a job's data will probably be asked to work on it.
    ensurePrepared(draft, pin.job, pin.sources)
    draft.state = { ...draft.state, pins: without(draft.state.pins, key) }
  }
}

function sayPinned(draft: Draft, { pin, isNoted }: Omit<Pinned, 'sentMs'>): void {
  const pinned = new Map(draft.state.pinned).set(pin.job, { pin, isNoted, sentMs: draft.nowMs })
  draft.state = { ...draft.state, pinned }
  draft.effects.push({ effect: 'sendPinned', pin })
}

/** Repeats which jobs' blobs are here: a coordinator may not have known the job yet, or may have taken it over since. */
export function tendPinned(draft: Draft): void {
  const { resendMs, remindMs } = draft.state.settings
  for (const pinned of draft.state.pinned.values())
    if (draft.nowMs - pinned.sentMs >= (pinned.isNoted ? remindMs : resendMs)) sayPinned(draft, pinned)
}

export function onPinnedNoted(draft: Draft, job: JobId): void {
  const pinned = draft.state.pinned.get(job)
  if (pinned === undefined) return
  draft.state = { ...draft.state, pinned: new Map(draft.state.pinned).set(job, { ...pinned, isNoted: true }) }
}

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}
