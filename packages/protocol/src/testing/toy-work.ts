/** Work made of letters instead of tensors: the same roots for the same inputs, and no other. */
import { encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import { commitSteps, type StepCommitment, type StepValues, type UnitSchedule } from '../audit.ts'
import type { SignedCommitment, SignedEvaluation } from '../messages.ts'
import type { JobFacts } from '../roles/coordinator/state.ts'
import type { Divergence } from '../roles/events.ts'
import { type Account, type Audit, attestationMessage, type SignedMessage, toyHashing, toySign } from '../settlement.ts'
import { DIVERGED_ROOT, type JobId, type SaltedCommitment, type Unit } from '../units.ts'
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
  /** Of a job that is audited: then there are steps to speak of. */
  readonly schedule?: UnitSchedule | undefined
  /** Says that a unit leads elsewhere. */
  readonly isLying?: boolean
}

const hashing = toyHashing(sha256)

export const toyChecking: ClaimChecking = {
  claimHash: hashing.claimHash,
  claimsHash: hashing.claimsHash,
  isSigned: hashing.isSigned,
}

/** Signs what an account answers for, without 0x. */
export const signToy = (account: string, message: SignedMessage): string =>
  toySign(sha256)(account as Account, message).slice(2)

/** Signs what a claim states of a segment, or of all of a unit. */
export const signToyAttestation = (
  account: string,
  job: JobId,
  said: Pick<Audit, 'round' | 'index' | 'segment' | 'claim'>,
): string => signToy(account, attestationMessage(job, said))

/** Signs an outer step. */
export const signToyOuter = (account: string, step: OuterStep): string =>
  signToy(account, outerStepMessage(toyChecking, step))

function signedUnit(commitment: SaltedCommitment, { worker, account, before }: ToyAuthor) {
  const claimSignature = signToy(account, trainedMessage(toyChecking, commitment, before))
  return { commitment, worker, signature: SIGNATURE, account, claimSignature }
}

type Input = string | number

/** What the steps of a unit leave: the same for the same inputs. */
export const toyValues = (steps: number, ...inputs: readonly Input[]): StepValues[] =>
  Array.from({ length: steps }, (_, step) => {
    const [lossBits, ...normBits] = new Uint32Array(sha256(encodeUtf8([step, ...inputs].join('|'))).buffer, 0, 3)
    return { lossBits: lossBits as number, normBits }
  })

export const toySalt = (worker: string, ...inputs: readonly Input[]): Uint8Array =>
  sha256(encodeUtf8(['salt', worker, ...inputs].join('|')))

export const toySealSalt = (node: string, result: HashHex): Uint8Array =>
  sha256(encodeUtf8(['seal', node, result].join('|')))

/** Binds a worker to its steps; to nothing in particular where nobody audits them. */
const leavesOf = (worker: string, steps: number | undefined, ...inputs: readonly Input[]): StepCommitment =>
  steps === undefined
    ? { stepsRoot: rootOf('steps', worker, ...inputs), saltHash: rootOf('salt', worker, ...inputs) }
    : commitSteps(sha256, toySalt(worker, ...inputs), toyValues(steps, ...inputs))

/** The steps of a toy job's units, if it is audited. */
export const scheduleOf = ({ innerSteps, checkpoints, audits }: JobFacts): UnitSchedule | undefined =>
  audits && { innerSteps, checkpoints, evaluationBatches: audits.evaluationBatches }

/** What the values of a unit follow from. */
export const toyInputs = ({ unit, globalRoot, replicaRoot }: SaltedCommitment): Input[] => [
  globalRoot,
  replicaRoot,
  unit.round,
  unit.replica,
]

/** Does a training unit. */
export function toyUnit(
  unit: Unit,
  globalRoot: HashHex,
  replicaRoot: HashHex | undefined,
  author: ToyAuthor,
): Omit<SignedCommitment, 'custody'> {
  const { worker, schedule } = author
  const from = replicaRoot ?? rootOf('zero')
  const inputs = [globalRoot, from, unit.round, unit.replica]
  const said = author.isLying ? [...inputs, 'a lie of', worker] : inputs
  const checkpoint = (_: unknown, i: number) => rootOf('checkpoint', i, ...said)
  const commitment = {
    unit,
    globalRoot,
    replicaRoot: from,
    updateRoot: rootOf('update', ...said) as never,
    newReplicaRoot: rootOf('replica', ...said),
    checkpointRoots: Array.from({ length: schedule?.checkpoints ?? 0 }, checkpoint),
    lossBits: 1,
    ...leavesOf(worker, schedule?.innerSteps, ...inputs),
  }
  return signedUnit(commitment, author)
}

/** Does a training unit that leaves the domain. */
export function toyDivergedUnit(...[unit, globalRoot, replicaRoot, author]: Parameters<typeof toyUnit>) {
  const { commitment } = toyUnit(unit, globalRoot, replicaRoot, author)
  const diverged = { ...commitment, updateRoot: DIVERGED_ROOT as never, newReplicaRoot: DIVERGED_ROOT }
  return signedUnit(diverged, author)
}

export function toyEvaluation(
  unit: Unit,
  globalRoot: HashHex,
  author: ToyAuthor,
  diverged?: Divergence,
): SignedEvaluation {
  const { worker, account, before, schedule } = author
  const leaves = leavesOf(worker, schedule?.evaluationBatches, globalRoot)
  const result = diverged ? { lossBits: 0, correct: 0, total: 0, diverged } : { lossBits: 1, correct: 1, total: 2 }
  const found = { unit, globalRoot, ...result, ...leaves }
  const claimSignature = signToy(account, evaluatedMessage(toyChecking, found, before))
  return { ...found, worker, signature: SIGNATURE, account, claimSignature }
}

export const toyOuter = (startRoot: HashHex, updates: readonly HashHex[]): HashHex =>
  rootOf('outer', startRoot, ...updates)

const NOBODY: ToyAuthor = { worker: '', account: '0x', before: [] }

/** The roots after every round of a job when nothing ever fails. */
export function toyRoots({ job, replicas, rounds }: JobFacts): HashHex[] {
  const roots: HashHex[] = []
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
    roots.push(global)
  }
  return roots
}

/** The root that a job ends with then. */
export const toyFinalRoot = (facts: JobFacts): HashHex => toyRoots(facts).at(-1) ?? toyInitialRoot

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
