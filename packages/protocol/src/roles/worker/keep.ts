/** Keeping blobs for others: what another worker's unit left behind, and what a submitter pins. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import { areHere, askFor, changeJob, type Draft, ensure, jobOf, putJob } from './draft.ts'
import { ensurePrepared } from './prepare.ts'
import type { BlobStatus, Keep, Pin, Pinned, StandingKeep } from './state.ts'

const keepKey = ({ unit, holder }: Keep): string => `${unit.job}/${unit.round}/${unit.replica}/${holder.peer}`
const pinKey = ({ job, submitter }: Pin): string => `${job}/${submitter}`

/** Who holds a job's data need not take part in it; it only knows where its blobs stand. */
function knowJob(draft: Draft, job: JobId): void {
  if (jobOf(draft, job) !== undefined) return
  const nothing = { blobs: new Map(), heads: new Map(), closed: new Map(), reports: new Map() }
  putJob(draft, { job, coordinator: '', document: '' as never, prepared: 'no', ...nothing })
}

/**
 * SAFETY: every registered node may ask for custody, and anybody for a pin, so what stands at a time is bounded. A worker
 * that is refused asks another, and this one again later.
 */
const MOST_KEEPS = 256
const MOST_KEEPS_OF_HOLDER = 16
const MOST_PINS_OF_JOB = 8

const untilMs = ({ state, nowMs }: Draft): number => nowMs + state.settings.standingMs

const isSameClaim = (a: Keep, b: Keep): boolean =>
  a.updateRoot === b.updateRoot && a.newReplicaRoot === b.newReplicaRoot

export function onKeep(draft: Draft, keep: Keep): void {
  const { keeps } = draft.state
  const known = keeps.get(keepKey(keep))
  const ofHolder = [...keeps.values()].filter(standing => standing.keep.holder.peer === keep.holder.peer)
  const isFull = keeps.size >= MOST_KEEPS || ofHolder.length >= MOST_KEEPS_OF_HOLDER
  // A unit has one result: another one waits until the first is forgotten.
  if (known === undefined ? isFull : !isSameClaim(known.keep, keep)) return
  putKeep(draft, { keep, untilMs: untilMs(draft), blobs: known?.blobs ?? new Map() })
}

function putKeep(draft: Draft, standing: StandingKeep): void {
  const keeps = new Map(draft.state.keeps).set(keepKey(standing.keep), standing)
  draft.state = { ...draft.state, keeps }
}

/** The newest of a job pushes out the oldest: refused, a submitter would be kept out by strangers that came first. */
export function onPin(draft: Draft, pin: Pin): void {
  knowJob(draft, pin.job)
  changeJob(draft, pin.job, job => ({ ...job, document: pin.document }))
  const pins = without(draft.state.pins, pinKey(pin))
  const ofJob = [...pins.values()].filter(standing => standing.pin.job === pin.job)
  if (ofJob[0] !== undefined && ofJob.length >= MOST_PINS_OF_JOB) pins.delete(pinKey(ofJob[0].pin))
  draft.state = { ...draft.state, pins: pins.set(pinKey(pin), { pin, untilMs: untilMs(draft) }) }
}

export function onKeepFetched(draft: Draft, job: JobId, root: HashHex, status: BlobStatus): void {
  for (const standing of draft.state.keeps.values())
    if (standing.keep.job === job && standing.blobs.has(root))
      putKeep(draft, { ...standing, blobs: new Map(standing.blobs).set(root, status) })
}

/** Answers every keep whose blobs are here, and forgets those that nobody has repeated. */
export function tendKeeps(draft: Draft): void {
  for (const [key, standing] of draft.state.keeps) {
    const { keep } = standing
    const { job, unit, holder } = keep
    const wanted = [keep.updateRoot, keep.newReplicaRoot].map(root => ({ root, peers: () => [holder] }))
    const isForgotten = draft.nowMs >= standing.untilMs
    const blobs = isForgotten ? standing.blobs : askFor(draft, { job, round: unit.round, ...standing }, wanted)
    const isHere = areHere(blobs, wanted)
    if (isHere) draft.effects.push({ effect: 'sendKept', keep })
    if (isHere || isForgotten) draft.state = { ...draft.state, keeps: without(draft.state.keeps, key) }
    else if (blobs !== standing.blobs) putKeep(draft, { ...standing, blobs })
  }
}

/** Sees to it that pinned blobs come, and forgets pins that nobody has repeated. */
export function tendPins(draft: Draft): void {
  for (const [key, { pin, untilMs: endMs }] of draft.state.pins) {
    const isForgotten = draft.nowMs >= endMs
    const roots = pin.roots.map(root => ({ root, peers: () => pin.sources }))
    const isHere = !isForgotten && ensure(draft, pin.job, 0, roots)
    if (isHere) onHeld(draft, pin)
    if (isHere || isForgotten) draft.state = { ...draft.state, pins: without(draft.state.pins, key) }
  }
}

function onHeld(draft: Draft, pin: Pin): void {
  sayPinned(draft, { pin, isNoted: false })
  // Who holds a job's data will probably be asked to work on it.
  ensurePrepared(draft, pin.job, pin.sources)
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
