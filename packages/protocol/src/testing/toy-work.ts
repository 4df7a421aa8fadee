/** Work made of letters instead of tensors: the same roots for the same inputs, and no other. */
import { encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import type { SignedCommitment, SignedEvaluation } from '../messages.ts'
import type { JobFacts } from '../roles/coordinator/state.ts'
import { type Account, type SignedMessage, toyHashing, toySign } from '../settlement.ts'
import { DIVERGED_ROOT, type SaltedCommitment, type Unit } from '../units.ts'
import {
  type ClaimChecking,
  evaluatedMessage,
  type OuterStep,
  outerStepMessage,
  trainedMessage,
} from '../work-claims.ts'

const rootOf = (...parts: readonly (string | number)[]): HashHex => hashToHex(sha256(encodeUtf8(parts.join('|'))))

export const toyInitialRoot = rootOf('initial')

const SIGNATURE = '0'.repeat(128)

/** Who does the work, and the claims that led to the state it starts from. */
export interface ToyAuthor {
  readonly worker: string
  readonly account: string
  readonly before: readonly HashHex[]
}

const hashing = toyHashing(sha256)

export const toyChecking: ClaimChecking = {
  claimHash: claim => rootOf('claim', JSON.stringify(claim)),
  claimsHash: hashing.claimsHash,
  isSigned: hashing.isSigned,
}

const sign = (account: string, message: SignedMessage): string => toySign(sha256)(account as Account, message).slice(2)

/** Signs an outer step. */
export const signToyOuter = (account: string, step: OuterStep): string =>
  sign(account, outerStepMessage(toyChecking, step))

function signedUnit(commitment: SaltedCommitment, { worker, account, before }: ToyAuthor) {
  const claimSignature = sign(account, trainedMessage(toyChecking, commitment, before))
  return { commitment, worker, signature: SIGNATURE, account, claimSignature }
}

/** Does a training unit. */
export function toyUnit(
  unit: Unit,
  globalRoot: HashHex,
  replicaRoot: HashHex | undefined,
  author: ToyAuthor,
): Omit<SignedCommitment, 'custody'> {
  const from = replicaRoot ?? rootOf('zero')
  const inputs = [globalRoot, from, unit.round, unit.replica]
  const commitment = {
    unit,
    globalRoot,
    replicaRoot: from,
    updateRoot: rootOf('update', ...inputs) as never,
    newReplicaRoot: rootOf('replica', ...inputs),
    checkpointRoots: [],
    lossBits: 1,
    stepsRoot: rootOf('steps', author.worker, ...inputs),
    saltHash: rootOf('salt', author.worker, ...inputs),
  }
  return signedUnit(commitment, author)
}

/** Does a training unit that leaves the domain. */
export function toyDivergedUnit(...[unit, globalRoot, replicaRoot, author]: Parameters<typeof toyUnit>) {
  const { commitment } = toyUnit(unit, globalRoot, replicaRoot, author)
  const diverged = { ...commitment, updateRoot: DIVERGED_ROOT as never, newReplicaRoot: DIVERGED_ROOT }
  return signedUnit(diverged, author)
}

export function toyEvaluation(unit: Unit, globalRoot: HashHex, author: ToyAuthor): SignedEvaluation {
  const { worker, account, before } = author
  const found = { unit, globalRoot, lossBits: 1, correct: 1, total: 2 }
  const claimSignature = sign(account, evaluatedMessage(toyChecking, found, before))
  return { ...found, worker, signature: SIGNATURE, account, claimSignature }
}

export const toyOuter = (startRoot: HashHex, updates: readonly HashHex[]): HashHex =>
  rootOf('outer', startRoot, ...updates)

const NOBODY: ToyAuthor = { worker: '', account: '0x', before: [] }

/** The root that a job ends with when nothing ever fails. */
export function toyFinalRoot({ job, replicas, rounds }: JobFacts): HashHex {
  let global = toyInitialRoot
  let states: (HashHex | undefined)[] = Array.from({ length: replicas }, () => undefined)
  for (let round = 0; round < rounds; round++) {
    const done = states.map(
      (state, replica) => toyUnit({ job, round, replica, kind: 'train' }, global, state, NOBODY).commitment,
    )
    states = done.map(({ newReplicaRoot }) => newReplicaRoot)
    global = toyOuter(
      global,
      done.map(({ updateRoot }) => updateRoot),
    )
  }
  return global
}

export const TOY_SUBMITTER: Account = `0x${'5'.repeat(40)}`

/** Facts of a toy job. */
export function toyFacts(o: Partial<JobFacts> = {}): JobFacts {
  const rounds = o.rounds ?? 3
  const document = rootOf('document', rounds)
  return {
    job: hashing.jobKey(TOY_SUBMITTER, document),
    document,
    name: 'toy',
    replicas: 3,
    rounds,
    innerSteps: 4,
    evaluatesAfter: Array.from({ length: rounds }, (_, round) => round % 2 === 1 || round === rounds - 1),
    initialRoot: toyInitialRoot,
    memoryBytes: 100,
    operationsPerUnit: 1000n,
    operationsPerEvaluation: 100n,
    custodians: 1,
    unitBond: 0n,
    maximumUnsettled: 8,
    checkpoints: 0,
    priceCeiling: 10n,
    blobs: [],
    ...o,
  }
}
