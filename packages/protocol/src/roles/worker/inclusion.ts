/**
 * A worker's answer to a coordinator that leaves its unit out: it puts the unit on the chain, where nobody can anchor the
 * round without it. SPEC: docs/spec/network.md "Inclusion"; docs/spec/anchors.md "Inclusion".
 * What is committed is remembered until it was seen among the units of its round: that it was noted, anybody can say.
 */
import type { SignedCommitment } from '../../messages.ts'
import type { JobId, Unit } from '../../units.ts'
import { unitName } from '../unit-machine.ts'
import { changeJob, type Draft, jobOf, note } from './draft.ts'
import type { ClosedRound, Task, Unseen } from './state.ts'

const keyOf = ({ round, replica }: Pick<Unit, 'round' | 'replica'>): string => `${round}/${replica}`

/** Of a lease, what is left when a unit that nobody has noted is included: a chain takes its time. */
const LEFT = 1 / 3

/** A unit that is done late is noted as soon as another: a third of what is left is waited for that. */
function dueOf({ sinceMs, body: { deadlineMs } }: Task, nowMs: number): number {
  return Math.max(deadlineMs - LEFT * (deadlineMs - sinceMs), nowMs + LEFT * (deadlineMs - nowMs))
}

/** Remembers a unit that is committed now. */
export function watchUnit(draft: Draft, id: JobId, task: Task, commitment: SignedCommitment): void {
  const { body, claimSignatures } = task
  const { signed, unit, deadlineMs } = body
  if (signed === undefined || draft.nowMs >= deadlineMs) return
  const dueMs = dueOf(task, draft.nowMs)
  const entry: Unseen = { lease: body.lease, unit, signed, commitment, claimSignatures, dueMs, untilMs: deadlineMs }
  changeJob(draft, id, job => ({ ...job, unseen: new Map(job.unseen).set(keyOf(unit), entry) }))
}

function forget(draft: Draft, id: JobId, unit: Unit): void {
  changeJob(draft, id, job => {
    const unseen = new Map(job.unseen)
    unseen.delete(keyOf(unit))
    return { ...job, unseen }
  })
}

function change(draft: Draft, id: JobId, unit: Unit, changed: Partial<Unseen>): void {
  const entry = jobOf(draft, id)?.unseen?.get(keyOf(unit))
  if (entry === undefined) return
  changeJob(draft, id, job => ({ ...job, unseen: new Map(job.unseen).set(keyOf(unit), { ...entry, ...changed }) }))
}

/** A coordinator says that it has the unit, or another node's: what the closed round says counts. */
export function onUnitNoted(draft: Draft, id: JobId, unit: Pick<Unit, 'round' | 'replica'>): void {
  const entry = jobOf(draft, id)?.unseen?.get(keyOf(unit))
  if (entry !== undefined) change(draft, id, entry.unit, { dueMs: Number.POSITIVE_INFINITY })
}

/** Looks for this worker's units in a closed round. With another in its place there is nothing to wait for. */
export function onUnitsClosed(draft: Draft, id: JobId, { body }: ClosedRound): void {
  for (const { unit, commitment } of jobOf(draft, id)?.unseen?.values() ?? []) {
    if (unit.round !== body.round) continue
    const isIts = body.units[unit.replica]?.claimSignature === commitment.claimSignature
    if (isIts) forget(draft, id, unit)
    else change(draft, id, unit, { dueMs: draft.nowMs })
  }
}

/** The chain has the unit; or it did not take it, and may later: another round may have to be anchored first. */
export function onIncluded(draft: Draft, id: JobId, unit: Unit, refused: string | undefined): void {
  const [name, { round, replica }] = [unitName(unit), unit]
  const about = { job: id, round, replica }
  if (refused === undefined) {
    forget(draft, id, unit)
    note(draft, `${name} was left out by its coordinator; it is on the chain now`, about)
    return
  }
  change(draft, id, unit, { dueMs: draft.nowMs + draft.state.settings.retryMs })
  note(draft, `${name} was left out by its coordinator; the chain does not take it yet: ${refused}`, about)
}

/** Includes what is due, and forgets what can be included no more. */
export function tendUnseen(draft: Draft, id: JobId): void {
  for (const entry of jobOf(draft, id)?.unseen?.values() ?? []) {
    const { unit, signed, claimSignatures, lease, commitment } = entry
    const kept = signed.custodians.flatMap(account => claimSignatures.get(account) ?? [])
    if (draft.nowMs >= entry.untilMs) forget(draft, id, unit)
    else if (draft.nowMs < entry.dueMs) continue
    else if (kept.length < signed.custodians.length) {
      forget(draft, id, unit)
      const text = `${unitName(unit)} was left out, and cannot be put on the chain: a custodian of its lease has not signed`
      note(draft, text, { job: id, round: unit.round, replica: unit.replica })
    } else {
      change(draft, id, unit, { dueMs: Number.POSITIVE_INFINITY })
      draft.effects.push({ effect: 'include', job: id, unit, lease, signed, commitment, kept })
    }
  }
}
