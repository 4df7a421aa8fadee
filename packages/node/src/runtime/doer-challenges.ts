/**
 * A doer compares what it found with what links claim of the unit. Where they claim another result it opens a game about the first part of
 * the unit that ends otherwise; and then about what other doers have signed of it. SAFETY: it asks nobody whether there is something to
 * challenge. SPEC: docs/spec/audits.md "Redundancy". What cannot be done yet is tried again.
 */
import type { GameCharge } from '@cairn/contracts'
import {
  type Account,
  type Commitment,
  committedResult,
  DIVERGED,
  DIVERGED_ROOT,
  type Unit,
  type UnitClaim,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { accountOf } from './account-signing.ts'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { type DoerChallenge, doerReason, listChallenges, readFinding, writeChallenge } from './doer-records.ts'
import { openChallenge } from './game-opening.ts'
import { attestationCharge, attestationsOfOthers } from './verifier-attestations.ts'
import { type OpenedOrder, openOrder } from './verifier-audit.ts'
import { isFinalRefusal, unitCharge } from './verifier-charges.ts'
import { beganRight } from './verifier-claims.ts'
import { type Sourced, type VerifiableJob, type VerifierParts, verifiableJob } from './verifier-sources.ts'

interface ChallengesOptions {
  readonly parts: VerifierParts
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  readonly say: (unit: Unit, text: string) => void
}

interface OpenedUnit {
  readonly job: VerifiableJob
  readonly opened: OpenedOrder
}

/** What there is to be charged, if anything is. */
type Charged = Sourced<{ readonly charge: GameCharge; readonly wrongPart?: number } | undefined>

const LEAST_PAUSE_MS = 1_000

/** The first part of a unit that ends otherwise than here; the one after the last checkpoint where only that does. */
function firstWrongPart({ checkpointRoots }: UnitClaim, own: Commitment): number {
  const found = own.checkpointRoots.map(root => (root === DIVERGED_ROOT ? DIVERGED : root))
  const wrong = checkpointRoots.findIndex((root, i) => root !== found[i])
  return wrong < 0 ? found.length : wrong
}

const placeIn = ({ head }: AuditDraw, { replica }: Unit): string => `${head}/${replica}`

export interface DoerChallenges {
  /** Does what there is to do; to be called again and again. */
  tend(): void
  /** The chain has replaced blocks: challenges may be gone with them. */
  chainReplaced(): void
}

/** Makes what opens the games that are owed. */
export function doerChallenges({ parts, book, say }: ChallengesOptions): DoerChallenges {
  const { storage, log } = parts
  const account = accountOf(parts) as Account
  /** Attestations of others, by their keys. */
  const looked = new Set<string>()
  /** Units in links. */
  const compared = new Set<string>()
  const nextMs = new Map<string, number>()
  let isBusy = false

  /** What a link claims of the unit, and what it takes to judge that. */
  async function openUnit(draw: AuditDraw, unit: Unit): Promise<Sourced<OpenedUnit>> {
    const job = await verifiableJob(parts, unit.job)
    if (!job.ok) return job
    const order = { ...unit, index: unit.replica, segment: 0, verifiers: [], substitutes: [], reason: '' }
    const opened = await openOrder(parts, job.value, { draw, order, reason: doerReason(unit) })
    return opened.ok ? { ok: true, value: { job: job.value, opened: opened.value } } : opened
  }

  async function chargeOf(draw: AuditDraw, unit: Unit, own: Commitment): Promise<Charged> {
    const found = await openUnit(draw, unit)
    if (!found.ok) return found
    const { job, opened } = found.value
    const { audited, before } = opened
    const { claim } = audited
    if (!beganRight(audited, draw.anchor, job.provable, before))
      return { ok: true, value: { charge: unitCharge(job, draw.anchor, opened, 0, true) } }
    const isSame = committedResult(sha256, { ...claim, unit }) === committedResult(sha256, own)
    // Done from another start than the round's, the unit says nothing of what was anchored.
    const isOther = claim.globalRoot !== own.globalRoot || claim.replicaRoot !== own.replicaRoot
    if (isSame || isOther) return { ok: true, value: undefined }
    const wrongPart = firstWrongPart(claim, own)
    return { ok: true, value: { charge: unitCharge(job, draw.anchor, opened, wrongPart), wrongPart } }
  }

  /** Returns why it is to be tried again, if it is. */
  async function challenge({ unit }: DoerChallenge, draw: AuditDraw): Promise<string | undefined> {
    const own = readFinding(storage, unit)?.commitment
    const charged: Charged = own === undefined ? { ok: true, value: undefined } : await chargeOf(draw, unit, own)
    if (!charged.ok && !charged.isFinal) return charged.reason
    const opened = charged.ok && charged.value && (await openChallenge(parts, charged.value.charge))
    if (opened && !opened.ok && !isFinalRefusal(opened.code)) return opened.reason
    compared.add(placeIn(draw, unit))
    if (!charged.ok) say(unit, `leaves it: ${charged.reason}`)
    if (!charged.ok || charged.value === undefined || !opened) return undefined
    const { charge, wrongPart } = charged.value
    if (!opened.ok) say(unit, `it cannot be challenged: ${opened.reason}`)
    else if (!opened.isFound) say(unit, `opened game ${opened.game} about part ${charge.part} of it`)
    // What follows from a wrong start may follow rightly: who attests to it need not be wrong.
    if (opened.ok && wrongPart !== undefined)
      writeChallenge(storage, { unit, challenged: { head: draw.head, part: wrongPart } })
    return undefined
  }

  /** Challenges who has attested to the part that ends otherwise, in whatever link. Returns why it is to be tried again. */
  async function challengeOthers(unit: Unit, draw: AuditDraw, wrongPart: number) {
    const others = attestationsOfOthers(book, { draw, index: unit.replica, account }).filter(
      ({ key }) => !looked.has(key),
    )
    const found = others.length === 0 ? undefined : await openUnit(draw, unit)
    if (found === undefined || !found.ok) return found?.reason
    const { job, opened } = found.value
    for (const other of others) {
      const finding = { ends: [opened.audited.claimHash], wrongPart }
      const made = attestationCharge(job, opened, finding, other)
      const done = made && (await openChallenge(parts, made))
      if (done?.ok && !done.isFound)
        say(unit, `opened game ${done.game} about the attestation of ${other.audit.verifier}`)
      if (done?.ok === false && !isFinalRefusal(done.code)) return done.reason
      looked.add(other.key)
    }
    return undefined
  }

  /** Links are drawn from before they are looked at: they are not replaced then. */
  const linksOf = ({ job, round, replica }: Unit): AuditDraw[] =>
    book
      .draws()
      .filter(
        draw => draw.job === job && draw.round === round && draw.anchor.works.some(work => work.index === replica),
      )

  /** The next thing to do about a unit, if there is one. */
  function nextStep(owed: DoerChallenge): (() => Promise<string | undefined>) | undefined {
    const links = linksOf(owed.unit)
    const standing = links.findLast(({ head }) => book.isOpen(head))
    if (standing !== undefined && !compared.has(placeIn(standing, owed.unit))) return () => challenge(owed, standing)
    const { head, part } = owed.challenged ?? {}
    const disputed = links.findLast(link => link.head === head)
    return disputed && part !== undefined ? () => challengeOthers(owed.unit, disputed, part) : undefined
  }

  async function tend(): Promise<void> {
    for (const owed of listChallenges(storage)) {
      const { job, round, replica } = owed.unit
      const key = `${job}/${round}/${replica}`
      const step = Date.now() < (nextMs.get(key) ?? 0) ? undefined : nextStep(owed)
      if (step === undefined) continue
      const reason = await step()
      nextMs.set(key, Date.now() + LEAST_PAUSE_MS)
      if (reason !== undefined) log.warn({ job, round, reason }, 'a result could not be challenged; trying again')
    }
  }

  return {
    tend() {
      if (isBusy) return
      isBusy = true
      tend()
        .catch(error => log.warn({ error: String(error) }, 'results could not be challenged; trying again'))
        .finally(() => {
          isBusy = false
        })
    },
    chainReplaced: () => compared.clear(),
  }
}
