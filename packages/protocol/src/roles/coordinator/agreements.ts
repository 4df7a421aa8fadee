/**
 * Doers that found what the worker found sign for its claim, as verifiers do for a segment of one: only that is paid.
 * SPEC: docs/spec/audits.md "Redundancy". They are asked once the claim is there, until a link could not pay them any more.
 */
import type { HashHex } from '@cairn/primitives'
import type { Account } from '../../settlement/terms.ts'
import type { JobId } from '../../units.ts'
import { unitName, workOf } from '../unit-machine.ts'
import { peerOf } from './audit-orders.ts'
import { changeRound, type Draft, jobOf, note, recordOf } from './draft.ts'
import { type RedundancyEvent, type UnitCourse, unsignedIn } from './redundancy-state.ts'
import type { RoundRecord } from './state.ts'

function putCourse(draft: Draft, id: JobId, { round }: RoundRecord, replica: number, course: UnitCourse): void {
  changeRound(draft, id, round, r => ({ ...r, courses: new Map(r.courses).set(replica, course) }))
}

/** Takes what a doer has signed of the claim that stands. */
export function onAgreed(draft: Draft, { job: id, body }: Extract<RedundancyEvent, { event: 'agreed' }>): void {
  const { unit, segment, claim, claimSignature } = body
  const account = body.account as Account
  const job = jobOf(draft, id)
  const record = job && recordOf(job, unit)
  const round = job?.rounds[unit.round]
  const course = round?.courses?.get(unit.replica)
  if (record === undefined || round === undefined || course === undefined) return
  const isOfUnit = workOf(record)?.claim === claim && segment === job?.facts.checkpoints
  if (!isOfUnit || !unsignedIn(course, claim).includes(account)) return
  const agreed = new Map(course.agreed).set(account, { segment, claim, signature: `0x${claimSignature}` })
  putCourse(draft, id, round, unit.replica, { ...course, agreed })
}

/** Leaves out a doer whose bond cannot be locked. */
export function leaveUnbondedDoer(draft: Draft, id: JobId, account: Account): void {
  for (const round of jobOf(draft, id)?.rounds ?? [])
    for (const [replica, course] of round.courses ?? []) {
      if (!course.agreed?.has(account)) continue
      const agreed = new Map(course.agreed)
      agreed.delete(account)
      putCourse(draft, id, round, replica, { ...course, agreed, unbonded: [...(course.unbonded ?? []), account] })
      const unit = round.units[replica]?.unit
      const text = `${account} has no stake for the bond of an attestation: it is not paid for having done it`
      if (unit !== undefined) note(draft, `${unitName(unit)}: ${text}`, { job: id, round: round.round, replica })
    }
}

/** Asks a unit's doers to sign for its claim. */
function askDoers(draft: Draft, id: JobId, round: RoundRecord, replica: number, course: UnitCourse): void {
  const work = workOf(round.units[replica] ?? {})
  const due = work === undefined ? [] : unsignedIn(course, work.claim as HashHex)
  const sent = due.flatMap(account => {
    const to = peerOf(draft, account)
    const key = `agree ${account}`
    const isDue = draft.nowMs - (course.sentMs.get(key) ?? Number.NEGATIVE_INFINITY) >= draft.state.settings.resendMs
    if (work === undefined || to === undefined || !isDue) return []
    const body = { commitment: work.commitment }
    draft.effects.push({ effect: 'send', to, job: id, kind: 'agree', body })
    return [[key, draft.nowMs] as const]
  })
  if (due.length === 0 || (sent.length === 0 && course.agreeMs !== undefined)) return
  const sentMs = new Map([...course.sentMs, ...sent])
  putCourse(draft, id, round, replica, { ...course, sentMs, agreeMs: course.agreeMs ?? draft.nowMs })
}

/** Asks doers of rounds that a link to come can pay for. */
export function tendAgreements(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job?.facts.audits?.doers === undefined || job.isBehind || !job.chain.holdsLease || job.chain.isEnded) return
  if (job.chain.status === 'closed') return
  for (const round of job.rounds)
    for (const [replica, course] of round.courses ?? []) askDoers(draft, id, round, replica, course)
}
