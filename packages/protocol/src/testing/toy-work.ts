/** Work made of letters instead of tensors: the same roots for the same inputs, and no other. */
import { encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import type { SignedCommitment, SignedEvaluation } from '../messages.ts'
import type { JobFacts } from '../roles/coordinator/state.ts'
import type { JobId, Unit } from '../units.ts'

const rootOf = (...parts: readonly (string | number)[]): HashHex => hashToHex(sha256(encodeUtf8(parts.join('|'))))

export const toyInitialRoot = rootOf('initial')

const SIGNATURE = '0'.repeat(128)

/** Does a training unit. */
export function toyUnit(
  unit: Unit,
  globalRoot: HashHex,
  replicaRoot: HashHex | undefined,
  worker: string,
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
  }
  return { commitment, worker, signature: SIGNATURE }
}

export function toyEvaluation(unit: Unit, globalRoot: HashHex, worker: string): SignedEvaluation {
  return { unit, globalRoot, lossBits: 1, correct: 1, total: 2, worker, signature: SIGNATURE }
}

export const toyOuter = (startRoot: HashHex, updates: readonly HashHex[]): HashHex =>
  rootOf('outer', startRoot, ...updates)

/** The root that a job ends with when nothing ever fails. */
export function toyFinalRoot({ job, replicas, rounds }: JobFacts): HashHex {
  let global = toyInitialRoot
  let states: (HashHex | undefined)[] = Array.from({ length: replicas }, () => undefined)
  for (let round = 0; round < rounds; round++) {
    const done = states.map(
      (state, replica) => toyUnit({ job, round, replica, kind: 'train' }, global, state, '').commitment,
    )
    states = done.map(({ newReplicaRoot }) => newReplicaRoot)
    global = toyOuter(
      global,
      done.map(({ updateRoot }) => updateRoot),
    )
  }
  return global
}

/** Facts of a toy job. */
export function toyFacts(o: Partial<JobFacts> = {}): JobFacts {
  const rounds = o.rounds ?? 3
  return {
    job: rootOf('job', rounds) as string as JobId,
    document: rootOf('document'),
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
    checkpoints: 0,
    priceCeiling: 10n,
    blobs: [],
    ...o,
  }
}
