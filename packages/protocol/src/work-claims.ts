/**
 * What workers answer for on the chain: the claim of a unit, what their accounts sign for it, and the works that an anchor
 * lists. SPEC: docs/spec/messages.md "Claims"; docs/spec/anchors.md.
 * Not here: the chain's hashes and signatures, which `@cairn/contracts` supplies.
 */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from './dispute/claims.ts'
import type { OuterSignature, SignedCommitment, SignedEvaluation } from './messages.ts'
import { NO_HASH, type SignatureCheck } from './settlement/hashing.ts'
import type { Account } from './settlement/terms.ts'
import { type Audit, attestationMessage, type OuterMessage, type Work, type WorkMessage } from './settlement/works.ts'
import { DIVERGED_ROOT, type JobId, type SaltedCommitment } from './units.ts'

/** The chain's hashes of claims. */
export interface ClaimHashing {
  claimHash(claim: UnitClaim): HashHex
  /** Of the claims of a round's replicas, in their order. */
  claimsHash(claims: readonly HashHex[]): HashHex
}

/** What checks the signatures of accounts. */
export interface ClaimChecking extends ClaimHashing {
  readonly isSigned: SignatureCheck
}

/** What a worker claims by a commitment. */
export const trainedClaim = ({ unit: _, ...claim }: SaltedCommitment): UnitClaim => claim

/** What an evaluation claims; the rest of a claim is zero. */
type EvaluationClaim = Pick<SignedEvaluation, 'globalRoot' | 'lossBits' | 'stepsRoot' | 'saltHash' | 'diverged'>

/** What a worker claims by an evaluation. */
export const evaluatedClaim = ({
  globalRoot,
  lossBits,
  stepsRoot,
  saltHash,
  diverged,
}: EvaluationClaim): UnitClaim => ({
  globalRoot,
  replicaRoot: NO_HASH,
  updateRoot: diverged ? DIVERGED_ROOT : NO_HASH,
  newReplicaRoot: NO_HASH,
  checkpointRoots: [],
  lossBits,
  stepsRoot,
  saltHash,
})

/**
 * What a worker's account signs for a training unit. `before` are the claims of the replicas' units in the round before: they
 * led to the state that the unit starts from.
 */
export function trainedMessage(
  hashing: ClaimHashing,
  commitment: SaltedCommitment,
  before: readonly HashHex[],
): WorkMessage {
  const { job, round, replica: index } = commitment.unit
  const start =
    round === 0
      ? { root: NO_HASH, claims: NO_HASH }
      : { root: commitment.globalRoot, claims: hashing.claimsHash(before) }
  return { of: 'work', job, round, index, ...start, claim: hashing.claimHash(trainedClaim(commitment)) }
}

/** What a worker's account signs for an evaluation. `claims` are those of the round's replicas. */
export function evaluatedMessage(
  hashing: ClaimHashing,
  { unit, ...evaluated }: EvaluationClaim & Pick<SignedEvaluation, 'unit'>,
  claims: readonly HashHex[],
): WorkMessage {
  const { job, round } = unit
  const state = { root: evaluated.globalRoot, claims: hashing.claimsHash(claims) }
  const claim = hashing.claimHash(evaluatedClaim(evaluated))
  return { of: 'work', job, round, index: claims.length, ...state, claim }
}

/** An outer step and what came of it: no root where it left the domain. */
export interface OuterStep {
  readonly job: JobId
  readonly round: number
  readonly startRoot: HashHex
  /** Of the round's replicas, in their order. */
  readonly claims: readonly HashHex[]
  readonly globalRoot?: HashHex
}

/** What a worker's account signs for an outer step. */
export const outerStepMessage = (hashing: ClaimHashing, step: OuterStep): OuterMessage => ({
  of: 'outer',
  job: step.job,
  round: step.round,
  previousRoot: step.round === 0 ? NO_HASH : step.startRoot,
  claims: hashing.claimsHash(step.claims),
  globalRoot: step.globalRoot ?? NO_HASH,
})

/** Tells whether an account has signed the claim of a commitment. */
export const isClaimSigned = (
  checking: ClaimChecking,
  { commitment, account, claimSignature }: Omit<SignedCommitment, 'custody'>,
  before: readonly HashHex[],
): boolean => checking.isSigned(account as Account, trainedMessage(checking, commitment, before), `0x${claimSignature}`)

/** Tells whether an account has signed the claim of an evaluation. */
export const isEvaluationClaimSigned = (
  checking: ClaimChecking,
  evaluation: SignedEvaluation,
  claims: readonly HashHex[],
): boolean =>
  checking.isSigned(
    evaluation.account as Account,
    evaluatedMessage(checking, evaluation, claims),
    `0x${evaluation.claimSignature}`,
  )

/** Tells whether an account has signed an outer step. */
export const isOuterSigned = (
  checking: ClaimChecking,
  { account, signature }: OuterSignature,
  step: OuterStep,
): boolean => checking.isSigned(account as Account, outerStepMessage(checking, step), `0x${signature}`)

/** What an account's signature under an attestation is checked with. */
export interface SignedForClaim {
  readonly account: string
  readonly claimSignature: string
}

/** Tells whether an account has signed that what a claim states follows. */
export const isAttestationSigned = (
  { isSigned }: Pick<ClaimChecking, 'isSigned'>,
  job: JobId,
  { account, claimSignature, ...said }: SignedForClaim & Pick<Audit, 'round' | 'index' | 'segment' | 'claim'>,
): boolean => isSigned(account as Account, attestationMessage(job, said), `0x${claimSignature}`)

/** A unit and the hash of what is claimed by it. */
export interface ClaimedUnit {
  readonly commitment: SignedCommitment
  readonly claim: HashHex
}

/** What a link of the chain pays for. */
export interface RoundWork {
  readonly units: readonly ClaimedUnit[]
  readonly outers: readonly OuterSignature[]
  readonly evaluation?: { readonly evaluation: SignedEvaluation; readonly claim: HashHex; readonly index: number }
}

/** Lists what the works of a link claim, in their order. */
export const claimsOfWork = ({ units, evaluation }: RoundWork): UnitClaim[] => [
  ...units.map(({ commitment: { commitment } }) => trainedClaim(commitment)),
  ...(evaluation === undefined ? [] : [evaluatedClaim(evaluation.evaluation)]),
]

/** Lists the works of a link. An outer step is signed once by each account, whatever else it did of the round. */
export function worksOf({ units, outers, evaluation }: RoundWork): Work[] {
  const steps = new Map(outers.map(({ account, signature }) => [account, `0x${signature}` as const]))
  const trained = units.map(({ commitment: { commitment, account, claimSignature, custody }, claim }): Work => {
    const outer = steps.get(account) ?? '0x'
    steps.delete(account)
    const custodians = custody.map(({ account: keeper }) => keeper as Account)
    const { replica: index } = commitment.unit
    return { worker: account as Account, index, claim, signature: `0x${claimSignature}`, outer, custodians }
  })
  if (evaluation === undefined) return trained
  const { account, claimSignature } = evaluation.evaluation
  const about = { worker: account as Account, index: evaluation.index, claim: evaluation.claim }
  return [...trained, { ...about, signature: `0x${claimSignature}`, outer: '0x', custodians: [] }]
}
