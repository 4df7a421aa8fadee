/**
 * Redundancy as a job's coordinator runs it: who was drawn does what a worker has in lease, all seal, then open, and only
 * then does the worker commit. SPEC: docs/spec/audits.md "Redundancy". The course of one unit is `RedundantUnit`; here it is
 * tied to leases and messages. Not here: who is drawn (the chain says it), and games, which doers open themselves.
 */
import { sha256 } from '@cairn/primitives'
import { committedResult } from '../../audit/doers.ts'
import { applyRedundant, type RedundantEvent, type RedundantUnit } from '../../audit/redundant-unit.ts'
import type { JobId } from '../../units.ts'
import type { Lease, UnitOutcome, UnitRecord } from '../unit-machine.ts'
import { unitName, workOf } from '../unit-machine.ts'
import { changeRound, type Draft, jobOf, move, note, putUnit, recordOf, shortPeer } from './draft.ts'
import { avoid } from './leases.ts'
import { measure } from './measure.ts'
import { courseOf } from './redundancy-begin.ts'
import { sendOpen, tendRequests } from './redundancy-requests.ts'
import type { RedundancyEvent, UnitCourse } from './redundancy-state.ts'
import type { JobRecord } from './state.ts'

type EventOf<E extends RedundancyEvent['event']> = Extract<RedundancyEvent, { event: E }>

/** Tells whether a coordinator is to be told who does a round's units beside their workers: of the round to anchor next. */
export function lacksDoers({ facts, chain, rounds, isBehind, ended }: JobRecord, round: number): boolean {
  const isDue = facts.audits?.doers !== undefined && round === chain.anchored && chain.holdsLease && !isBehind && !ended
  return isDue && rounds[round] !== undefined && rounds[round].doers === undefined
}

/** Takes in who may have to do a round's units. */
export function onDoers(draft: Draft, { job: id, round, drawn }: EventOf<'doers'>): void {
  const job = jobOf(draft, id)
  if (job === undefined || !lacksDoers(job, round) || drawn.length !== job.facts.replicas) return
  changeRound(draft, id, round, r => ({ ...r, doers: drawn }))
}

interface Found {
  readonly record: UnitRecord
  readonly course: UnitCourse | undefined
}

/** Finds the unit that somebody speaks of under its registered account. */
function found(draft: Draft, { job: id, peer, body }: EventOf<'sealed' | 'opened'>): Found | undefined {
  const job = jobOf(draft, id)
  const isOwn = draft.state.nodes.get(peer)?.account === body.account
  const { unit } = body
  if (job?.facts.audits?.doers === undefined || job.ended || !isOwn || unit.kind !== 'train') return undefined
  const record = recordOf(job, unit)
  return record && { record, course: job.rounds[unit.round]?.courses?.get(unit.replica) }
}

/** Takes a seal. That of a unit's worker keeps its lease until the list is closed: it may have to wait for the beacon. */
export function onSealed(draft: Draft, event: EventOf<'sealed'>): void {
  const { record, course } = found(draft, event) ?? {}
  if (record === undefined) return
  const { peer, body } = event
  const isWorker = record.lease?.node === peer
  if (isWorker && course?.unit.list === undefined) noteSealed(draft, record, record.lease as Lease)
  if (course === undefined) return
  // It has opened, and was restarted since.
  if (isWorker && course.unit.shownMs !== undefined) sendOpen(draft, record.unit, course, peer)
  step(draft, record, course, { event: 'sealed', account: body.account as `0x${string}`, seal: body.seal })
}

function noteSealed(draft: Draft, record: UnitRecord, lease: Lease): void {
  const job = jobOf(draft, record.unit.job)
  if (lease.sealedMs === undefined && job !== undefined) measure(draft, job, record)
  const deadlineMs = Math.max(lease.deadlineMs, draft.nowMs + draft.state.settings.shortestLeaseMs)
  const sealedMs = lease.sealedMs ?? draft.nowMs
  putUnit(draft, { ...record, lease: { ...lease, sentMs: draft.nowMs, sealedMs, deadlineMs } })
}

/** Takes what a node opens. */
export function onOpened(draft: Draft, event: EventOf<'opened'>): void {
  const { record, course } = found(draft, event) ?? {}
  if (record === undefined || course === undefined) return
  const { account, root, salt } = event.body
  step(draft, record, course, { event: 'opened', opened: { account: account as `0x${string}`, root, salt } })
}

function putCourse(draft: Draft, { job, round, replica }: UnitRecord['unit'], course: UnitCourse): void {
  changeRound(draft, job, round, r => ({ ...r, courses: new Map(r.courses).set(replica, course) }))
}

/** Lets something happen in a unit's course, and does what follows for its lease. */
function step(draft: Draft, { unit }: UnitRecord, course: UnitCourse, event: RedundantEvent): void {
  const after = withKnownList(course, applyRedundant(sha256, course.unit, event, draft.nowMs))
  if (after === course) return
  putCourse(draft, unit, after)
  const isClosed = after.unit.list !== undefined && course.unit.list === undefined
  if (isClosed) onClosedList(draft, unit, after)
  if (after.unit.outcome !== undefined && course.unit.outcome === undefined) conclude(draft, unit, after)
}

/** Under a list that was closed before, its nodes may have opened: they open under no other. */
function withKnownList(course: UnitCourse, unit: RedundantUnit): UnitCourse {
  if (unit === course.unit) return course
  if (unit.list === undefined || course.unit.list !== undefined) return { ...course, unit }
  const seals = course.lists.get(unit.worker) ?? unit.list.seals
  const lists = new Map(course.lists).set(unit.worker, seals)
  return { ...course, lists, unit: { ...unit, list: { ...unit.list, seals } } }
}

const aboutOf = ({ job, round, replica }: UnitRecord['unit']) => ({ job, round, replica })

/** Gives the one who has the lease until a time, if it is the one that a course is about. */
function extendLease(draft: Draft, unit: UnitRecord['unit'], course: UnitCourse, ms: number): void {
  const job = jobOf(draft, unit.job)
  const record = job && recordOf(job, unit)
  if (record?.lease?.lease !== course.lease) return
  const deadlineMs = Math.max(record.lease.deadlineMs, draft.nowMs + ms)
  putUnit(draft, { ...record, lease: { ...record.lease, deadlineMs } })
}

function onClosedList(draft: Draft, unit: UnitRecord['unit'], course: UnitCourse): void {
  const { list, worker, order, times } = course.unit
  const doers = (list?.seals ?? []).flatMap(({ account }) => (account === worker ? [] : [account]))
  const by = doers.length === 0 ? 'nobody' : doers.join(', ')
  const { shortage } = order
  const text = `${unitName(unit)}: sealed by its worker, and as doers by ${by}${shortage ? `; ${shortage}` : ''}`
  note(draft, text, aboutOf(unit))
  // For the worker to open, then for the doers.
  extendLease(draft, unit, course, 3 * times.openMs)
}

/** Ends the lease of a worker that does not open; has all others commit now. */
function conclude(draft: Draft, unit: UnitRecord['unit'], course: UnitCourse): void {
  const job = jobOf(draft, unit.job)
  const record = job && recordOf(job, unit)
  const { outcome, times } = course.unit
  if (outcome?.outcome === 'compared') {
    const { paid, challengers, silent } = outcome
    const said = [
      paid.length > 0 && `${paid.join(', ')} found what its worker found`,
      challengers.length > 0 && `${challengers.join(', ')} found something else, and is to challenge it`,
      silent.length > 0 && `${silent.join(', ')} did not seal or open in time`,
      paid.length + challengers.length === 0 && 'nobody compared it',
    ]
    note(draft, `${unitName(unit)}: ${said.filter(Boolean).join('; ')}`, aboutOf(unit))
    extendLease(draft, unit, course, times.doMs)
  } else if (record?.state === 'leased' && record.lease?.lease === course.lease) {
    const { node } = record.lease
    move(draft, record, { to: 'open', reason: `${shortPeer(node)} did not open what it had sealed` })
    avoid(draft, unit, node)
  }
}

/** Says why a commitment comes before its time, or is another than was sealed; undefined where it may be taken. */
export function sealedObstacle(job: JobRecord, { unit, outcome }: UnitRecordCommit): string | undefined {
  if (job.facts.audits?.doers === undefined || unit.kind !== 'train') return undefined
  const course = job.rounds[unit.round]?.courses?.get(unit.replica)?.unit
  const opened = course?.list?.seals[0]?.opened
  const { commitment } = workOf({ outcome })?.commitment ?? {}
  if (course?.outcome?.outcome !== 'compared' || opened === undefined) return 'not all who do the unit have opened yet'
  if (workOf({ outcome })?.commitment.account !== opened.account) return 'it is not of the worker that has sealed'
  const isSame = commitment !== undefined && committedResult(sha256, commitment) === opened.root
  return isSame ? undefined : 'it leads to another result than its worker has sealed'
}

interface UnitRecordCommit {
  readonly unit: UnitRecord['unit']
  readonly outcome: UnitOutcome
}

/** Goes on with the courses of the round that is to be anchored next. */
export function tendCourses(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const round = job?.rounds[job.chain.anchored]
  if (job === undefined || job.isBehind || !job.chain.holdsLease || round?.doers === undefined) return
  for (const { unit } of round.units) {
    const record = recordOf(jobOf(draft, id) as JobRecord, unit) as UnitRecord
    const course = courseOf(draft, jobOf(draft, id) as JobRecord, record)
    if (course === undefined) continue
    if (course !== round.courses?.get(unit.replica)) putCourse(draft, unit, course)
    if (record.state === 'leased') step(draft, record, course, { event: 'time' })
    tendRequests(draft, unit)
  }
}
