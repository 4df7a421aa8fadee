/**
 * What nodes sign: canonical CBOR that begins with the statement's name, so that no signature can stand for another
 * statement, nor for a message (whose first element is an integer). SPEC: docs/spec/messages.md "Statements".
 */
import { decodeHex, encodeCanonical, type HashHex, hashFromHex } from '@cairn/primitives'
import type { Commitment, JobId, Unit } from '../units.ts'
import type { Custody, SignedCommitment, SignedEvaluation } from './records.ts'

/** Checks an Ed25519 signature (64 bytes) by a public key (32 bytes). Returns false on anything malformed. */
export type VerifySignature = (publicKey: Uint8Array, statement: Uint8Array, signature: Uint8Array) => boolean

/** What a custodian says it holds. */
export interface CustodyClaim {
  readonly job: JobId
  readonly round: number
  readonly replica: number
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
}

/** Encodes what a worker signs when it has done a unit. */
export const commitmentStatement = (commitment: Commitment): Uint8Array =>
  encodeCanonical([
    'cairn/commitment/v1',
    unitFields(commitment.unit),
    hashFromHex(commitment.globalRoot),
    hashFromHex(commitment.replicaRoot),
    hashFromHex(commitment.updateRoot),
    hashFromHex(commitment.newReplicaRoot),
    commitment.checkpointRoots.map(hashFromHex),
    commitment.lossBits,
  ])

/** Encodes what a custodian signs when a unit's update and new replica state are on its disk. */
export const custodyStatement = ({ job, round, replica, updateRoot, newReplicaRoot }: CustodyClaim): Uint8Array =>
  encodeCanonical([
    'cairn/custody/v1',
    hashFromHex(job),
    round,
    replica,
    hashFromHex(updateRoot),
    hashFromHex(newReplicaRoot),
  ])

/** Encodes what a worker signs when it has evaluated a global state. */
export const evaluationStatement = (evaluation: Omit<SignedEvaluation, 'worker' | 'signature'>): Uint8Array =>
  encodeCanonical([
    'cairn/evaluation/v1',
    unitFields(evaluation.unit),
    hashFromHex(evaluation.globalRoot),
    evaluation.lossBits,
    evaluation.correct,
    evaluation.total,
  ])

/** Tells whether the worker and every custodian have signed. Takes what `openMessage` let through. */
export function isSignedCommitment(verify: VerifySignature, signed: SignedCommitment): boolean {
  const { commitment, worker, signature, custody } = signed
  return (
    isSignedBy(verify, worker, commitmentStatement(commitment), signature) &&
    custody.every(one => isCustody(verify, claimOf(commitment), one))
  )
}

/** Tells whether a custodian has signed that it holds what a unit left behind. */
export const isCustody = (verify: VerifySignature, claim: CustodyClaim, { peer, signature }: Custody): boolean =>
  isSignedBy(verify, peer, custodyStatement(claim), signature)

/** Tells whether the worker has signed its evaluation. */
export const isSignedEvaluation = (verify: VerifySignature, evaluation: SignedEvaluation): boolean =>
  isSignedBy(verify, evaluation.worker, evaluationStatement(evaluation), evaluation.signature)

/** What the custodians of a commitment have to sign. */
export const claimOf = ({ unit, updateRoot, newReplicaRoot }: Commitment): CustodyClaim => ({
  job: unit.job,
  round: unit.round,
  replica: unit.replica,
  updateRoot,
  newReplicaRoot,
})

const isSignedBy = (verify: VerifySignature, publicKey: string, statement: Uint8Array, signature: string): boolean =>
  verify(decodeHex(publicKey), statement, decodeHex(signature))

const unitFields = ({ job, round, replica, kind }: Unit): unknown[] => [hashFromHex(job), round, replica, kind]
