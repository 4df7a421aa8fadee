/**
 * What nodes sign: canonical CBOR that begins with the statement's name, so that no signature can stand for another
 * statement, nor for a message (whose first element is an integer). SPEC: docs/spec/messages.md "Statements".
 */
import { decodeHex, encodeCanonical, type HashHex, hashFromHex } from '@cairn/primitives'
import { type Attestation, attestationStatement } from '../audit/attestation.ts'
import type { Account } from '../settlement/terms.ts'
import type { JobId, SaltedCommitment, Unit } from '../units.ts'
import type { Custody, SignedAttestation, SignedCommitment, SignedEvaluation } from './records.ts'

/** Checks an Ed25519 signature (64 bytes) by a public key (32 bytes). Returns false on anything malformed. */
export type VerifySignature = (publicKey: Uint8Array, statement: Uint8Array, signature: Uint8Array) => boolean

/** What a custodian says it holds. */
export interface CustodyClaim {
  readonly job: JobId
  readonly round: number
  readonly replica: number
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
  /** To be paid for it. */
  readonly account: string
}

/** Encodes what a worker signs when it has done a unit. */
export const commitmentStatement = (commitment: SaltedCommitment): Uint8Array =>
  encodeCanonical([
    'cairn/commitment/v2',
    unitFields(commitment.unit),
    hashFromHex(commitment.globalRoot),
    hashFromHex(commitment.replicaRoot),
    hashFromHex(commitment.updateRoot),
    hashFromHex(commitment.newReplicaRoot),
    commitment.checkpointRoots.map(hashFromHex),
    commitment.lossBits,
    hashFromHex(commitment.stepsRoot),
    hashFromHex(commitment.saltHash),
  ])

/** Encodes what a custodian signs when a unit's update and new replica state are on its disk. */
export const custodyStatement = (claim: CustodyClaim): Uint8Array => {
  const { job, round, replica, updateRoot, newReplicaRoot, account } = claim
  return encodeCanonical([
    'cairn/custody/v2',
    hashFromHex(job),
    round,
    replica,
    hashFromHex(updateRoot),
    hashFromHex(newReplicaRoot),
    account,
  ])
}

const divergenceFields = ({ graph, operator, step = -1 }: NonNullable<Evaluation['diverged']>) => [
  graph,
  operator,
  step,
]

/** Encodes what a worker signs when it has evaluated a global state. */
export const evaluationStatement = (evaluation: Evaluation): Uint8Array =>
  encodeCanonical([
    'cairn/evaluation/v2',
    unitFields(evaluation.unit),
    hashFromHex(evaluation.globalRoot),
    evaluation.lossBits,
    evaluation.correct,
    evaluation.total,
    hashFromHex(evaluation.stepsRoot),
    hashFromHex(evaluation.saltHash),
    ...(evaluation.diverged ? divergenceFields(evaluation.diverged) : []),
  ])

/** What a worker found by evaluating a global state. */
export type Evaluation = Omit<SignedEvaluation, 'worker' | 'signature' | 'account' | 'claimSignature'>

/** Tells whether the worker and every custodian have signed. Takes what `openMessage` let through. */
export function isSignedCommitment(verify: VerifySignature, signed: SignedCommitment): boolean {
  const { commitment, worker, signature, custody } = signed
  return (
    isSignedBy(verify, worker, commitmentStatement(commitment), signature) &&
    custody.every(one => isCustody(verify, heldOf(commitment), one))
  )
}

/** Tells whether a custodian has signed that it holds what a unit left behind. */
export function isCustody(verify: VerifySignature, held: Omit<CustodyClaim, 'account'>, custody: Custody): boolean {
  const { peer, account, signature } = custody
  return isSignedBy(verify, peer, custodyStatement({ ...held, account }), signature)
}

/** Tells whether the worker has signed its evaluation. */
export const isSignedEvaluation = (verify: VerifySignature, evaluation: SignedEvaluation): boolean =>
  isSignedBy(verify, evaluation.worker, evaluationStatement(evaluation), evaluation.signature)

/** What a signed attestation says, in the words of audits. */
export const attestationOf = (signed: Omit<SignedAttestation, 'signature' | 'claimSignature'>): Attestation => {
  const { unit, segment, account, claim, ends, steps } = signed
  return { unit, segment, verifier: account as Account, claim, ends, steps }
}

/** Tells whether the key of a verifier's node has signed what it found. Takes what `openMessage` let through. */
export const isSignedAttestation = (verify: VerifySignature, verifier: string, signed: SignedAttestation): boolean =>
  isSignedBy(verify, verifier, attestationStatement(attestationOf(signed)), signed.signature)

/** What the custodians of a commitment hold. */
export const heldOf = ({ unit, updateRoot, newReplicaRoot }: SaltedCommitment): Omit<CustodyClaim, 'account'> => ({
  job: unit.job,
  round: unit.round,
  replica: unit.replica,
  updateRoot,
  newReplicaRoot,
})

const isSignedBy = (verify: VerifySignature, publicKey: string, statement: Uint8Array, signature: string): boolean =>
  verify(decodeHex(publicKey), statement, decodeHex(signature))

const unitFields = ({ job, round, replica, kind }: Unit): unknown[] => [hashFromHex(job), round, replica, kind]
