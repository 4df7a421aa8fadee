/** Work made of letters instead of tensors: results are hashes of inputs, signed as a worker signs them. */

import { claimHash, claimsHash, type SigningDomain, workDigest } from '@cairn/contracts'
import { encodeHex, encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import {
  type ClaimHashing,
  commitmentStatement,
  evaluatedMessage,
  evaluationStatement,
  type MessageSigner,
  type OuterStep,
  outerStepMessage,
  type SaltedCommitment,
  type SignedCommitment,
  type SignedEvaluation,
  type SignedMessage,
  trainedClaim,
  trainedMessage,
  type WorkerEffect,
} from '@cairn/protocol'
import type { PrivateKeyAccount } from 'viem/accounts'

export const rootOf = (...parts: readonly (string | number)[]): HashHex =>
  hashToHex(sha256(encodeUtf8(parts.join('|'))))

export type RunEffect = Extract<WorkerEffect, { effect: 'run' }>

interface Signer extends MessageSigner {
  readonly peer: string
}

/** Who signs: a node's key, its account, and where the account's signatures count. */
export interface ToySigners {
  readonly signer: Signer
  readonly account: PrivateKeyAccount
  readonly domain: SigningDomain
}

const hashing: ClaimHashing = { claimHash, claimsHash }

const signedBy = async ({ account, domain }: ToySigners, message: SignedMessage) => ({
  account: account.address.toLowerCase(),
  claimSignature: (await account.sign({ hash: workDigest(domain, message) })).slice(2),
})

/** Signs an outer step. */
export const signOuter = async (signers: ToySigners, step: OuterStep): Promise<string> =>
  (await signedBy(signers, outerStepMessage(hashing, step))).claimSignature

/** Hashes what is claimed by a unit. */
export const claimOf = ({ commitment }: Pick<SignedCommitment, 'commitment'>): HashHex =>
  claimHash(trainedClaim(commitment))

/** What binds a worker to the steps of its work. */
const toyLeaves = (...inputs: readonly (string | number)[]) => ({
  stepsRoot: rootOf('steps', ...inputs),
  saltHash: rootOf('salt', ...inputs),
})

/** Does a training unit. */
export async function toyUnit(
  signers: ToySigners,
  { unit, globalRoot, replicaRoot, claims }: RunEffect,
): Promise<Omit<SignedCommitment, 'custody'>> {
  const { signer } = signers
  const from = replicaRoot ?? rootOf('zero')
  const inputs = [globalRoot, from, unit.round, unit.replica]
  const commitment: SaltedCommitment = {
    unit,
    globalRoot,
    replicaRoot: from,
    updateRoot: rootOf('update', ...inputs) as never,
    newReplicaRoot: rootOf('replica', ...inputs),
    checkpointRoots: [rootOf('checkpoint', ...inputs)],
    lossBits: 1,
    ...toyLeaves(signer.peer, ...inputs),
  }
  const signature = encodeHex(signer.sign(commitmentStatement(commitment)))
  const byAccount = await signedBy(signers, trainedMessage(hashing, commitment, claims))
  return { commitment, worker: signer.peer, signature, ...byAccount }
}

/** Evaluates a state. */
export async function toyEvaluation(
  signers: ToySigners,
  { unit, globalRoot, claims }: RunEffect,
): Promise<SignedEvaluation> {
  const { signer } = signers
  const found = { unit, globalRoot, lossBits: 1, correct: 1, total: 2, ...toyLeaves(signer.peer, globalRoot) }
  const signature = encodeHex(signer.sign(evaluationStatement(found)))
  const byAccount = await signedBy(signers, evaluatedMessage(hashing, found, claims))
  return { ...found, worker: signer.peer, signature, ...byAccount }
}

export const toyOuter = (startRoot: HashHex, updates: readonly HashHex[]): HashHex =>
  rootOf('outer', startRoot, ...updates)
