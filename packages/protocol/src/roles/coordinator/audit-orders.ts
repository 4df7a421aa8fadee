/** What an order asks for, by what the round says: the claim, its ends, who did the unit, and what a request says. */
import { hashFromHex, sha256 } from '@cairn/primitives'
import { claimedSegment, unitSegment } from '../../audit/claimed.ts'
import { plantedEnds } from '../../audit/decoy.ts'
import type { Segment } from '../../audit/segment.ts'
import type { AuditOrder } from '../../audit/selection.ts'
import type { ClaimedSegment } from '../../audit/verdict.ts'
import type { MessageBodies } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Unit } from '../../units.ts'
import { evaluatedClaim } from '../../work-claims.ts'
import type { Peer } from '../events.ts'
import { evaluationOf, unitName, workOf } from '../unit-machine.ts'
import type { OrderRecord } from './audit-state.ts'
import { type Draft, note } from './draft.ts'
import type { JobFacts, JobRecord } from './state.ts'

/** The unit that an order is about. */
export const unitOf = ({ replicas }: Pick<JobFacts, 'replicas'>, { job, round, index }: AuditOrder): Unit =>
  index < replicas ? { job, round, replica: index, kind: 'train' } : { job, round, replica: 0, kind: 'evaluate' }

interface Audited {
  readonly worker: Peer
  readonly claimed: ClaimedSegment
  readonly segment: Segment
}

/** What was claimed of the audited segment, and by whom; undefined where the job's facts or its round do not say. */
export function auditedOf({ facts, rounds }: JobRecord, order: AuditOrder): Audited | undefined {
  const { round, index, segment } = order
  if (facts.audits === undefined) return undefined
  const { innerSteps, checkpoints, audits } = facts
  const schedule = { innerSteps, checkpoints, evaluationBatches: audits.evaluationBatches }
  const { kind } = unitOf(facts, order)
  const about = { schedule, segment }
  const steps = unitSegment(kind, schedule, segment)
  const work = workOf(rounds[round]?.units[index] ?? {})
  if (work !== undefined) {
    const { commitment, worker } = work.commitment
    return { worker, claimed: claimedSegment(sha256, { ...about, claim: work.claim, commitment }), segment: steps }
  }
  const outcome = kind === 'evaluate' ? evaluationOf(rounds[round]?.evaluation) : undefined
  if (outcome === undefined) return undefined
  const { claim, evaluation } = outcome
  const claimed = claimedSegment(sha256, { ...about, claim, evaluation: evaluatedClaim(evaluation) })
  return { worker: evaluation.worker, claimed, segment: steps }
}

/** Ends that are made up in what a verifier is asked, if they are. */
function plantedIn(
  { order, beacon, secret }: OrderRecord,
  verifier: Account,
  ends: number,
  decoyRate: number,
): ReturnType<typeof plantedEnds> {
  const { job, round, index, segment } = order
  return plantedEnds(sha256, hashFromHex(secret), { job, round, index, segment, beacon, verifier }, ends, decoyRate)
}

/** What a verifier is asked. */
export function requestOf(
  record: OrderRecord,
  { claim, ends }: ClaimedSegment,
  verifier: Account,
  decoyRate: number,
): MessageBodies['audit'] {
  const { round, index, segment } = record.order
  return { round, index, segment, claim, ends: plantedIn(record, verifier, ends.length, decoyRate) ?? ends }
}

/** Finds the node of an account. */
export const peerOf = ({ state }: Pick<Draft, 'state'>, account: Account): Peer | undefined =>
  [...state.nodes.values()].find(node => node.account === account)?.peer

/** Notes something about the unit of an order. */
export function noteAbout(draft: Draft, job: JobRecord, { order }: Pick<OrderRecord, 'order'>, text: string): void {
  const unit = unitOf(job.facts, order)
  const { round, replica, kind } = unit
  const about = { job: order.job, round, ...(kind === 'train' && { replica }) }
  note(draft, `audit of ${unitName(unit)}, segment ${order.segment}: ${text}`, about)
}
