/** Work made of letters instead of tensors: results are hashes of inputs, signed as a worker signs them. */
import { encodeHex, encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import {
  type Commitment,
  commitmentStatement,
  evaluationStatement,
  type MessageSigner,
  type SignedCommitment,
  type SignedEvaluation,
  type Unit,
  type WorkerEffect,
} from '@cairn/protocol'

export const rootOf = (...parts: readonly (string | number)[]): HashHex =>
  hashToHex(sha256(encodeUtf8(parts.join('|'))))

export type RunEffect = Extract<WorkerEffect, { effect: 'run' }>

interface Signer extends MessageSigner {
  readonly peer: string
}

/** Does a training unit. */
export function toyUnit(
  signer: Signer,
  { unit, globalRoot, replicaRoot }: RunEffect,
): Omit<SignedCommitment, 'custody'> {
  const from = replicaRoot ?? rootOf('zero')
  const inputs = [globalRoot, from, unit.round, unit.replica]
  const commitment: Commitment = {
    unit,
    globalRoot,
    replicaRoot: from,
    updateRoot: rootOf('update', ...inputs) as never,
    newReplicaRoot: rootOf('replica', ...inputs),
    checkpointRoots: [rootOf('checkpoint', ...inputs)],
    lossBits: 1,
  }
  const signature = encodeHex(signer.sign(commitmentStatement(commitment)))
  return { commitment, worker: signer.peer, signature }
}

/** Evaluates a state. */
export function toyEvaluation(signer: Signer, unit: Unit, globalRoot: HashHex): SignedEvaluation {
  const found = { unit, globalRoot, lossBits: 1, correct: 1, total: 2 }
  return { ...found, worker: signer.peer, signature: encodeHex(signer.sign(evaluationStatement(found))) }
}

export const toyOuter = (startRoot: HashHex, updates: readonly HashHex[]): HashHex =>
  rootOf('outer', startRoot, ...updates)
