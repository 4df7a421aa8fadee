/** What a node answers for with its account: its units' claims, its outer steps and its attestations, signed as the contracts check them. */
import { claimHash, claimsHash, signWork } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type AttestationMessage,
  type ClaimHashing,
  custodyMessage,
  type Evaluation,
  evaluatedMessage,
  type Keep,
  type LeaseMessage,
  type MessageBodies,
  type OuterStep,
  outerStepMessage,
  type SaltedCommitment,
  type SignedMessage,
  trainedClaim,
  trainedMessage,
} from '@cairn/protocol'
import type { NodeParts } from './parts.ts'

type Signing = Pick<NodeParts, 'client'> & { readonly key: Pick<NodeParts['key'], 'address'> }

type SignedLease = NonNullable<MessageBodies['lease']['signed']>

const hashing: ClaimHashing = { claimHash, claimsHash }

/** An account and its signature, as messages write them: without 0x, the account in lower case. */
async function signedBy({ client, key }: Signing, message: SignedMessage) {
  return { account: accountOf({ key }), claimSignature: (await signWork(client, message)).slice(2) }
}

export const accountOf = ({ key }: Pick<Signing, 'key'>): string => key.address.toLowerCase()

/** Signs a training unit. `before` are the claims that led to the state it started from. */
export const signTrained = (signing: Signing, commitment: SaltedCommitment, before: readonly HashHex[]) =>
  signedBy(signing, trainedMessage(hashing, commitment, before))

/** Signs an evaluation. `claims` are those of the round's replicas. */
export const signEvaluated = (signing: Signing, evaluation: Evaluation, claims: readonly HashHex[]) =>
  signedBy(signing, evaluatedMessage(hashing, evaluation, claims))

/** Signs an outer step and what came of it. */
export const signOuter = async (signing: Signing, step: OuterStep): Promise<string> =>
  (await signedBy(signing, outerStepMessage(hashing, step))).claimSignature

/** Signs that this node keeps what a claim names. */
export const signKept = async (
  signing: Signing,
  { job, unit: { round, replica: index }, claim }: Keep,
): Promise<string> => (await signedBy(signing, custodyMessage({ job, round, index }, claim))).claimSignature

/** Signs a lease, so that its worker can show it. */
export async function signLease(signing: Signing, lease: LeaseMessage): Promise<SignedLease> {
  const { epoch, until, custodians } = lease
  return { epoch, until, custodians, signature: (await signedBy(signing, lease)).claimSignature }
}

/** Signs that what a claim states for the ends of a segment, or of all of a unit, follows from its stated start. */
export const signAttestation = async (signing: Signing, message: AttestationMessage): Promise<string> =>
  (await signedBy(signing, message)).claimSignature

/** Hashes what is claimed in a closed round, in replica order. */
export const claimsOfClosed = ({ units }: MessageBodies['closed']): HashHex[] =>
  units.map(({ commitment }) => claimHash(trainedClaim(commitment)))
