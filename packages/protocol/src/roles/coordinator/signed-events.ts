/**
 * What nodes say under their accounts' signatures becomes events here, checked against the rounds as they are now. Hosts
 * check everything that Ed25519 keys sign before, and that the account is the one registered for the peer.
 */
import type { HashHex } from '@cairn/primitives'
import type { MessageBodies } from '../../messages.ts'
import { DIVERGED_ROOT, type JobId, type Unit } from '../../units.ts'
import {
  type ClaimChecking,
  evaluatedClaim,
  isClaimSigned,
  isEvaluationClaimSigned,
  isOuterSigned,
  trainedClaim,
} from '../../work-claims.ts'
import type { CoordinatorEvent } from '../coordinator.ts'
import type { Peer } from '../events.ts'
import type { UnitOutcome } from '../unit-machine.ts'
import { claimsBefore, claimsOfRound, startRootOf } from './draft.ts'
import type { JobRecord } from './state.ts'

/** Who says something of which job. */
interface Speaker {
  readonly job: JobRecord
  readonly peer: Peer
  /** On the chain. */
  readonly account: string
}

type Commit = MessageBodies['commit']

const unitOf = (body: Commit): Unit => {
  if (body.outcome === 'trained') return body.commitment.commitment.unit
  return body.outcome === 'evaluated' ? body.evaluation.unit : body.unit
}

const isSameUnit = (a: Unit, b: Unit): boolean => a.round === b.round && a.replica === b.replica && a.kind === b.kind

/** What a commitment comes to; undefined when its account has not signed it. */
function outcomeOf(
  checking: ClaimChecking,
  { peer, account }: Speaker,
  body: Commit,
  before: readonly HashHex[],
): UnitOutcome | undefined {
  if (body.outcome === 'evaluated') {
    const { evaluation } = body
    if (evaluation.account !== account || !isEvaluationClaimSigned(checking, evaluation, before)) return undefined
    return { kind: 'evaluated', evaluation, claim: checking.claimHash(evaluatedClaim(evaluation)) }
  }
  const { commitment } = body
  if (commitment.account !== account || !isClaimSigned(checking, commitment, before)) return undefined
  const work = { commitment, claim: checking.claimHash(trainedClaim(commitment.commitment)) }
  if (body.outcome === 'trained') return { kind: 'trained', ...work }
  const isRight =
    isSameUnit(commitment.commitment.unit, body.unit) && commitment.commitment.updateRoot === DIVERGED_ROOT
  return isRight ? { kind: 'diverged', node: peer, divergence: body.diverged, work } : undefined
}

/** Makes a commitment an event; undefined when it is not signed, or not about the rounds as they are. */
export function signedCommit(checking: ClaimChecking, speaker: Speaker, body: Commit): CoordinatorEvent | undefined {
  const { job, peer } = speaker
  const unit = unitOf(body)
  const before = claimsBefore(job, unit)
  const outcome = before && outcomeOf(checking, speaker, body, before)
  if (before === undefined || outcome === undefined) return undefined
  return { event: 'commit', job: unit.job, peer, unit, outcome, before }
}

/** Makes a report of an outer step an event; undefined when it is not signed, or of other units. */
export function signedReport(
  checking: ClaimChecking,
  { job, peer, account }: Speaker,
  { round, outcome, signature: bytes }: MessageBodies['report'],
): CoordinatorEvent | undefined {
  const [claims, startRoot] = [claimsOfRound(job, round), startRootOf(job, round)]
  if (claims === undefined || startRoot === undefined) return undefined
  const signature = { account, signature: bytes }
  const id: JobId = job.facts.job
  const step = { job: id, round, startRoot, claims, ...('globalRoot' in outcome ? outcome : {}) }
  if (!isOuterSigned(checking, signature, step)) return undefined
  return { event: 'report', job: id, peer, round, outcome, signature, claims }
}
