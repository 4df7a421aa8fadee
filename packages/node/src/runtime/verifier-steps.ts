/** What there is to be done about one order of a verifier, one step after another; each may be tried again. */
import type { GameCharge } from '@cairn/contracts'
import { type Account, type AuditOrder, attestationMessage, type JobId } from '@cairn/protocol'
import { signAttestation } from './account-signing.ts'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { openChallenge } from './game-opening.ts'
import { attestationCharge, attestationsOfOthers } from './verifier-attestations.ts'
import { audit, type Finding, type OpenedOrder, openOrder, segmentOfOrder } from './verifier-audit.ts'
import { isFinalRefusal, outerCharge, unitCharge } from './verifier-charges.ts'
import { auditOuter } from './verifier-outer.ts'
import type { AuditTaskRecord } from './verifier-records.ts'
import { type Sourced, type VerifiableJob, type VerifierParts, verifiableJob } from './verifier-sources.ts'
import { findingInWords, stretchInWords } from './verifier-words.ts'

/** An order that is this verifier's to do. */
export interface AuditTask {
  /** Its name, and the reason that its blobs are kept for. */
  readonly key: string
  readonly draw: AuditDraw
  readonly order: AuditOrder
  readonly record: AuditTaskRecord
  /** Attestations of others to the unit that were looked at, by their keys. */
  readonly looked: Set<string>
}

/** Does the next step. What cannot be done is a reason. */
export type AuditStep = (task: AuditTask) => Promise<Sourced<unknown>>

interface StepOptions {
  readonly parts: VerifierParts
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  readonly account: Account
  readonly isStopped: () => boolean
  readonly change: (task: AuditTask, news: AuditTaskRecord) => void
  readonly say: (task: AuditTask, text: string) => void
}

interface Ready {
  readonly job: VerifiableJob
  readonly opened: OpenedOrder
}

const DONE = { ok: true, value: undefined } as const

/** Makes what says which step comes next, if any. */
export function auditSteps({
  parts,
  book,
  account,
  isStopped,
  change,
  say,
}: StepOptions): (task: AuditTask) => AuditStep | undefined {
  const jobs = new Map<JobId, Promise<Sourced<VerifiableJob>>>()

  /** Ready jobs are kept; one that could not be made ready is tried again. */
  function readyJob(job: JobId): Promise<Sourced<VerifiableJob>> {
    const known = jobs.get(job)
    if (known !== undefined) return known
    const ready = verifiableJob(parts, job)
    const forget = () => jobs.delete(job)
    jobs.set(job, ready)
    ready.then(({ ok }) => ok || forget(), forget)
    return ready
  }

  /** Opens an order and goes on with it: it is about the same after a restart. */
  const withReady =
    (step: (task: AuditTask, ready: Ready) => Promise<Sourced<unknown>>): AuditStep =>
    async task => {
      const { draw, order, key: reason } = task
      const job = await readyJob(draw.job)
      if (!job.ok) return job
      const opened = await openOrder(parts, job.value, { draw, order, reason })
      return opened.ok ? step(task, { job: job.value, opened: opened.value }) : opened
    }

  const find = withReady(async (task, { job, opened }) => {
    const { draw, key: reason } = task
    const found = await audit(parts, job, opened, { draw, account, reason })
    if (!found.ok || isStopped()) return found
    const what = stretchInWords(opened.audited.unit, segmentOfOrder(job, opened.audited, opened.order))
    const { wrongPart, claim } = found.value
    const { round, index, segment } = opened.order
    const said = attestationMessage(draw.job, { round, index, segment, claim })
    const signed = wrongPart === undefined ? { claimSignature: await signAttestation(parts, said) } : {}
    change(task, { finding: { ...found.value, ...signed } })
    say(task, findingInWords(what, found.value))
    return found
  })

  /** Opens a game. What cannot be challenged any more is left, and said so. */
  async function charge(task: AuditTask, made: GameCharge, about = 'it'): Promise<Sourced<unknown>> {
    const opened = await openChallenge(parts, made)
    const isOfUnit = about === 'it'
    if (opened.ok) {
      const isSaid = opened.isFound && (!isOfUnit || task.record.game === opened.game)
      if (!isSaid) say(task, `opened game ${opened.game} about ${about}`)
      if (isOfUnit) change(task, { game: opened.game })
    } else if (isFinalRefusal(opened.code)) say(task, `${about} cannot be challenged: ${opened.reason}`)
    else return { ok: false, reason: opened.reason }
    return DONE
  }

  const chargeUnit = withReady(async (task, { job, opened }) => {
    const { wrongPart = 0, ends = [] } = task.record.finding ?? {}
    const charged = await charge(task, unitCharge(job, task.draw.anchor, opened, wrongPart, ends.length === 0))
    if (charged.ok) change(task, { isCharged: true })
    return charged
  })

  const lookAtOuter = withReady(async (task, { job, opened }) => {
    const { anchor } = task.draw
    const found = await auditOuter(parts, job, anchor, opened, task.key)
    if (!found.ok || isStopped()) return found
    if (found.value === undefined) {
      change(task, { isOuterDone: true })
      return DONE
    }
    const { isRight, claims } = found.value
    const what = `did the outer step of round ${anchor.round} again`
    say(task, isRight ? `${what}: it agrees` : `${what}: it leads to another state; challenging it`)
    const charged = isRight ? DONE : await charge(task, outerCharge(job, anchor, claims))
    if (charged.ok) change(task, { isOuterDone: true, isOuterCharged: !isRight })
    return charged
  })

  const unseen = ({ draw, order: { index }, looked }: AuditTask) =>
    attestationsOfOthers(book, { draw, index, account }).filter(({ key }) => !looked.has(key))

  const lookAtOthers = withReady(async (task, { job, opened }) => {
    const { finding } = task.record
    for (const other of finding === undefined ? [] : unseen(task)) {
      const made = attestationCharge(job, opened, finding as Finding, other)
      const charged = made === undefined ? DONE : await charge(task, made, `the attestation of ${other.audit.verifier}`)
      if (!charged.ok) return charged
      task.looked.add(other.key)
    }
    return DONE
  })

  return task => {
    const { record, order } = task
    const { finding, isCharged, isOuterDone, isGivenUp } = record
    if (isGivenUp) return undefined
    if (finding === undefined) return find
    if (finding.wrongPart !== undefined && !isCharged) return chargeUnit
    if (finding.wrongPart === undefined && order.index === 0 && !isOuterDone) return lookAtOuter
    return unseen(task).length > 0 ? lookAtOthers : undefined
  }
}
