/**
 * A doer that found another result than its unit's worker opens a game, once the worker's claim is on the chain: about the
 * first part of the unit that ends otherwise. SPEC: docs/spec/audits.md "Redundancy". What cannot be done yet is tried again.
 */
import type { GameCharge } from '@cairn/contracts'
import { type Commitment, committedResult, DIVERGED, DIVERGED_ROOT, type Unit, type UnitClaim } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { type DoerChallenge, doerReason, dropChallenge, listChallenges, readFinding } from './doer-records.ts'
import { openChallenge } from './game-opening.ts'
import { openOrder } from './verifier-audit.ts'
import { isFinalRefusal, unitCharge } from './verifier-charges.ts'
import { beganRight } from './verifier-claims.ts'
import { type Sourced, type VerifierParts, verifiableJob } from './verifier-sources.ts'

interface ChallengesOptions {
  readonly parts: VerifierParts
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  readonly say: (unit: Unit, text: string) => void
}

/** What there is to be charged, if anything is. */
type Charged = Sourced<GameCharge | undefined>

const LEAST_PAUSE_MS = 1_000

/** The first part of a unit that ends otherwise than here; the one after the last checkpoint where only that does. */
function firstWrongPart({ checkpointRoots }: UnitClaim, own: Commitment): number {
  const found = own.checkpointRoots.map(root => (root === DIVERGED_ROOT ? DIVERGED : root))
  const wrong = checkpointRoots.findIndex((root, i) => root !== found[i])
  return wrong < 0 ? found.length : wrong
}

/** Makes what opens the games that are owed; to be called again and again. */
export function doerChallenges({ parts, book, say }: ChallengesOptions): () => void {
  const { storage, log } = parts
  const nextMs = new Map<string, number>()
  let isBusy = false

  async function chargeOf(draw: AuditDraw, { unit }: DoerChallenge, own: Commitment): Promise<Charged> {
    const job = await verifiableJob(parts, unit.job)
    if (!job.ok) return job
    const order = { ...unit, index: unit.replica, segment: 0, verifiers: [], substitutes: [], reason: '' }
    const opened = await openOrder(parts, job.value, { draw, order, reason: doerReason(unit) })
    if (!opened.ok) return opened
    const { audited, before } = opened.value
    const { claim, signed } = audited
    const { provable } = job.value
    if (!beganRight(audited, draw.anchor, provable, before))
      return { ok: true, value: unitCharge(job.value, draw.anchor, opened.value, undefined) }
    const isSame = 'commitment' in signed && committedResult(sha256, signed.commitment) === committedResult(sha256, own)
    // Done from another start than the round's, the unit says nothing of what was anchored.
    const isOther = claim.globalRoot !== own.globalRoot || claim.replicaRoot !== own.replicaRoot
    if (isSame || isOther) return { ok: true, value: undefined }
    return { ok: true, value: unitCharge(job.value, draw.anchor, opened.value, firstWrongPart(claim, own)) }
  }

  /** Returns why it is to be tried again, if it is. */
  async function challenge(owed: DoerChallenge, draw: AuditDraw): Promise<string | undefined> {
    const own = readFinding(storage, owed.unit)?.commitment
    const charged: Charged = own === undefined ? { ok: true, value: undefined } : await chargeOf(draw, owed, own)
    if (!charged.ok) return charged.isFinal ? close(owed, `leaves it: ${charged.reason}`) : charged.reason
    if (charged.value === undefined)
      return close(owed, 'what was anchored is not what was opened; nothing to challenge')
    const { part } = charged.value
    const opened = await openChallenge(parts, charged.value)
    if (opened.ok) return close(owed, `opened game ${opened.game} about part ${part} of it`)
    return isFinalRefusal(opened.code) ? close(owed, `it cannot be challenged: ${opened.reason}`) : opened.reason
  }

  function close({ unit }: DoerChallenge, text: string): undefined {
    dropChallenge(storage, unit)
    say(unit, text)
  }

  /** The link that holds the work, which has to be drawn from before it is looked at: it is not replaced then. */
  const linkOf = ({ unit: { job, round, replica }, worker }: DoerChallenge): AuditDraw | undefined =>
    book
      .draws()
      .findLast(
        ({ anchor, head, ...draw }) =>
          draw.job === job &&
          draw.round === round &&
          book.isOpen(head) &&
          anchor.works.some(work => work.index === replica && work.worker === worker),
      )

  async function tend(): Promise<void> {
    for (const owed of listChallenges(storage)) {
      const { job, round, replica } = owed.unit
      const key = `${job}/${round}/${replica}`
      const link = linkOf(owed)
      if (link === undefined || Date.now() < (nextMs.get(key) ?? 0)) continue
      const reason = await challenge(owed, link)
      nextMs.set(key, Date.now() + LEAST_PAUSE_MS)
      if (reason !== undefined) log.warn({ job, round, reason }, 'a result could not be challenged; trying again')
    }
  }

  return () => {
    if (isBusy) return
    isBusy = true
    tend()
      .catch(error => log.warn({ error: String(error) }, 'results could not be challenged; trying again'))
      .finally(() => {
        isBusy = false
      })
  }
}
