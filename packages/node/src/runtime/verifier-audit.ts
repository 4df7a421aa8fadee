/**
 * One order of a verifier: what its unit is claimed to have begun from and come to, and what doing the segment again comes to.
 * SPEC: docs/spec/audits.md "Segments", "Attestations"; docs/spec/disputes.md. What cannot be done yet is a reason.
 */
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type AuditOrder,
  attestSteps,
  DIVERGED,
  impossibleParts,
  type UnitClaim,
  type UnitSchedule,
  unitSegment,
} from '@cairn/protocol'
import { modelOf, startNames } from '@cairn/training'
import { sha256 } from '../files/hash.ts'
import type { AuditDraw } from './audit-draw.ts'
import { problemText } from './prepare-job.ts'
import { beganRight, type ClaimedUnit, claimedUnit, needsClaimsBefore, segmentClaim } from './verifier-claims.ts'
import {
  claimsAt,
  documentOfLink,
  obtainCheckpoint,
  obtainInputs,
  type Sourced,
  type VerifiableJob,
  type VerifierParts,
} from './verifier-sources.ts'

export interface Assignment {
  readonly draw: AuditDraw
  readonly order: AuditOrder
  readonly account: Account
  /** Why its blobs are kept. */
  readonly reason: string
}

/** What a verifier found: by what it says so, and if something is wrong, what of it. */
export interface Finding {
  readonly claim: HashHex
  readonly ends: readonly HashHex[]
  readonly steps: readonly HashHex[]
  /** Of its account: that the claimed ends follow from the claimed start. Left out where they do not. */
  readonly claimSignature?: string
  /**
   * The part of the unit to challenge; left out where start and ends agree. Without ends, nothing was done: the unit began elsewhere,
   * or cannot have come to what is claimed of this part.
   */
  readonly wrongPart?: number
}

/** An order with all that it is about. */
export interface OpenedOrder {
  readonly audited: ClaimedUnit
  /** Of all works of the link, in their order. */
  readonly claims: readonly UnitClaim[]
  /** Peers that should have what the link's units left behind. */
  readonly workers: readonly string[]
  /** Which segment is done again: where the chain was closed, the one in which its unit says that it left the domain. */
  readonly order: AuditOrder
  /** Claims of the round before, where the unit's start depends on them. */
  readonly before: readonly UnitClaim[]
}

const scheduleOf = ({ document: { spec } }: VerifiableJob): UnitSchedule => ({
  innerSteps: spec.schedule.innerSteps,
  checkpoints: spec.schedule.checkpoints,
  evaluationBatches: spec.evaluation.batches,
})

/** The steps of an order's segment. */
export const segmentOfOrder = (job: VerifiableJob, { unit }: Pick<ClaimedUnit, 'unit'>, { segment }: AuditOrder) =>
  unitSegment(unit.kind, scheduleOf(job), segment)

/** SAFETY: a chain is closed once, so the segment is not left to chance that a false divergence would be found in. */
function whereItEnds({ unit, claim: { checkpointRoots, updateRoot } }: ClaimedUnit, order: AuditOrder): AuditOrder {
  if (unit.kind === 'evaluate') return order
  const diverged = [...checkpointRoots, updateRoot].indexOf(DIVERGED)
  return diverged < 0 ? order : { ...order, segment: Math.min(diverged, checkpointRoots.length - 1) }
}

/** Reads what the link claims of the unit, and that of the round before where it matters, and finds who may have its states. */
export async function openOrder(
  parts: VerifierParts,
  job: VerifiableJob,
  { draw, order, reason }: Omit<Assignment, 'account'>,
): Promise<Sourced<OpenedOrder>> {
  const { anchor, isClosing, before: last } = draw
  const { replicas } = job.document.spec.schedule
  const claims = await claimsAt(parts, draw)
  if (!claims.ok) return claims
  const document = await documentOfLink(parts, anchor, reason)
  const audited = claimedUnit(anchor, { claims: claims.value, document, replicas }, order.index)
  if (audited === undefined) return { ok: false, reason: 'its link has no such unit', isFinal: true }
  const workers = document?.units.map(({ worker }) => worker) ?? []
  const opened = { audited, claims: claims.value, workers, order: isClosing ? whereItEnds(audited, order) : order }
  if (!needsClaimsBefore(audited.unit, job.provable)) return { ok: true, value: { ...opened, before: [] } }
  if (last === undefined) return { ok: false, reason: 'the chain names no round before', isFinal: true }
  const before = await claimsAt(parts, last)
  // Of an evaluation nobody goes on.
  return before.ok ? { ok: true, value: { ...opened, before: before.value.slice(0, replicas) } } : before
}

type Ends = readonly HashHex[]

/** Brings what of a unit's start it takes to do a segment again. */
function obtainStart(
  parts: VerifierParts,
  job: VerifiableJob,
  { unit, claim, holders }: ClaimedUnit,
  reason: string,
  { isLast, hasCheckpoint }: { readonly isLast: boolean; readonly hasCheckpoint: boolean },
) {
  const { spec, vocabulary } = job.document
  const { global, replica } = startNames(modelOf(spec, vocabulary), { isLast }, hasCheckpoint)
  const start = { root: claim.globalRoot, names: global }
  const needed = unit.kind === 'train' ? [start, { root: claim.replicaRoot, names: replica }] : [start]
  return obtainInputs(parts, job, reason, { needed, holders })
}

interface Again {
  readonly segment: number
  readonly checkpointRoot?: HashHex
  readonly verify: boolean
}

/** One segment done again: from the checkpoint before it where that is given and here, else from the unit's start. */
async function redo(
  { compute }: VerifierParts,
  job: VerifiableJob,
  { unit, claim }: ClaimedUnit,
  { segment, checkpointRoot, verify }: Again,
) {
  const { globalRoot, replicaRoot } = claim
  const isFresh = unit.kind === 'evaluate' || replicaRoot === job.provable.freshReplicaRoot
  const answer = await compute.request({
    ...{ kind: 'audit', document: job.id, unit, globalRoot, segment, verify },
    ...(isFresh ? {} : { replicaRoot }),
    ...(checkpointRoot && { checkpointRoot }),
  })
  return answer.ok
    ? ({ ok: true, value: answer.value } as const)
    : ({ ok: false, reason: problemText(answer) } as const)
}

/**
 * The first part of a unit that ends otherwise than claimed. SAFETY: the checkpoint that the segment began from may be wrong
 * itself, or no state at all; whoever challenged the steps after it would lose to a worker that did those right.
 */
async function firstWrongPart(
  parts: VerifierParts,
  job: VerifiableJob,
  audited: ClaimedUnit,
  { order: { segment }, reason }: Pick<Assignment, 'order' | 'reason'>,
): Promise<Sourced<number>> {
  // What follows the last checkpoint is not done here.
  const missing = await obtainStart(parts, job, audited, reason, { isLast: false, hasCheckpoint: false })
  if (missing !== undefined) return { ok: false, reason: missing }
  let [right, wrong] = [0, segment + 1]
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2)
    const done = await redo(parts, job, audited, { segment: middle - 1, verify: true })
    if (!done.ok) return done
    if (done.value.ends[0] === audited.claim.checkpointRoots[middle - 1]) right = middle
    else wrong = middle
  }
  return { ok: true, value: wrong - 1 }
}

/** The part to challenge, if start or ends differ: the steps up to a checkpoint, or what follows the last. */
async function wrongPart(
  parts: VerifierParts,
  job: VerifiableJob,
  audited: ClaimedUnit,
  task: Pick<Assignment, 'order' | 'reason'>,
  { claimed, found, isStartRight }: { readonly claimed: Ends; readonly found: Ends; readonly isStartRight: boolean },
): Promise<Sourced<number | undefined>> {
  const { order, reason } = task
  if (!isStartRight)
    return firstWrongPart(parts, job, audited, { order: { ...order, segment: order.segment - 1 }, reason })
  const wrong = claimed.findIndex((root, i) => root !== found[i])
  if (wrong < 0) return { ok: true, value: undefined }
  return wrong === 0
    ? firstWrongPart(parts, job, audited, task)
    : { ok: true, value: job.document.spec.schedule.checkpoints }
}

/**
 * Brings what a segment is done again from, and does it. PERF: most segments need their checkpoint alone. Where that is not to
 * be had, or its worker named something that is no checkpoint, the unit is done from its start.
 */
async function doAgain(
  parts: VerifierParts,
  job: VerifiableJob,
  audited: ClaimedUnit,
  { order, reason }: Pick<Assignment, 'order' | 'reason'>,
  verify: boolean,
) {
  const { claim, holders } = audited
  const { segment } = order
  const checkpoint = audited.unit.kind === 'train' ? claim.checkpointRoots[segment - 1] : undefined
  const { isLast } = segmentOfOrder(job, audited, order)
  if (checkpoint !== undefined) {
    const [isHere, missing] = await Promise.all([
      obtainCheckpoint(parts, checkpoint, reason, holders),
      obtainStart(parts, job, audited, reason, { isLast, hasCheckpoint: true }),
    ])
    if (missing !== undefined) return { ok: false, reason: missing } as const
    const done = isHere ? await redo(parts, job, audited, { segment, verify, checkpointRoot: checkpoint }) : undefined
    if (done?.ok) return done
  }
  const missing = await obtainStart(parts, job, audited, reason, { isLast, hasCheckpoint: false })
  return missing === undefined
    ? redo(parts, job, audited, { segment, verify })
    : ({ ok: false, reason: missing } as const)
}

/** Does the segment again and compares. */
export async function audit(
  parts: VerifierParts,
  job: VerifiableJob,
  { audited, before, order }: OpenedOrder,
  { draw, account, reason }: Omit<Assignment, 'order'>,
): Promise<Sourced<Finding>> {
  const { claimHash } = audited
  const { segment } = order
  const [impossible] = audited.unit.kind === 'train' ? impossibleParts(job.provable, audited.claim) : []
  const isRight = beganRight(audited, draw.anchor, job.provable, before)
  if (!isRight || impossible !== undefined)
    return { ok: true, value: { claim: claimHash, ends: [], steps: [], wrongPart: isRight ? (impossible ?? 0) : 0 } }
  const { ends: claimed } = segmentClaim(audited, scheduleOf(job), segment)
  const first = await doAgain(parts, job, audited, { order, reason }, false)
  if (!first.ok) return first
  // SAFETY: who signs that the right ends follow from a start that is none would lose a game about it.
  const isStartRight = ({ startRoot }: { readonly startRoot?: HashHex }) =>
    startRoot === undefined || startRoot === audited.claim.checkpointRoots[segment - 1]
  // SAFETY: a state that went bad on this disk would lead to another end, too.
  const isSame = isStartRight(first.value) && claimed.every((root, i) => root === first.value.ends[i])
  const done = isSame ? first : await doAgain(parts, job, audited, { order, reason }, true)
  if (!done.ok) return done
  const { ends, values } = done.value
  const compared = { claimed, found: ends, isStartRight: isStartRight(done.value) }
  const wrong = await wrongPart(parts, job, audited, { order, reason }, compared)
  if (!wrong.ok) return wrong
  const steps = attestSteps(sha256, account, segmentOfOrder(job, audited, order), values)
  const value = { claim: claimHash, ends, steps }
  return { ok: true, value: wrong.value === undefined ? value : { ...value, wrongPart: wrong.value } }
}
