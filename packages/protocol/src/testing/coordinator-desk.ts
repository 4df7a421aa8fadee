/** A coordinator of a small job at whose desk tests sit: one replica, two rounds, an evaluation after each. */
import type { HashHex } from '@cairn/primitives'
import { claimsBefore, claimsOfRound } from '../roles/coordinator/draft.ts'
import {
  type ChainView,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobFacts,
  type JobRecord,
  type ReportOutcome,
} from '../roles/coordinator/state.ts'
import { type CoordinatorEvent, tickCoordinator } from '../roles/coordinator.ts'
import type { UnitOutcome } from '../roles/unit-machine.ts'
import { DIVERGED_ROOT, type SaltedCommitment, type Unit } from '../units.ts'
import { evaluatedClaim, trainedClaim } from '../work-claims.ts'
import { toyChecking, toyDivergedUnit, toyEvaluation, toyFacts, toyInitialRoot, toyUnit } from './toy-work.ts'
import { accountOf } from './toy-workers.ts'

const ACCOUNT = `0x${'c'.repeat(40)}`
export const [A, B, C, STRANGER] = ['a', 'b', 'c', 'f'].map(letter => letter.repeat(64)) as [
  string,
  string,
  string,
  string,
]
export const facts = toyFacts({ replicas: 1, rounds: 2, custodians: 1, checkpoints: 1, evaluatesAfter: [true, true] })
export const { job } = facts
export const held: ChainView = {
  status: 'open',
  coordinator: ACCOUNT,
  holdsLease: true,
  epoch: 1,
  anchored: 0,
  finalLinks: 0,
  finalisesAtMs: [],
  wrongs: [],
  isEnded: false,
  cancelEndsAtMs: 0,
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}
export const custodyOf = (...peers: string[]) =>
  peers.map(peer => ({ peer, account: accountOf(peer), signature: '0'.repeat(128) }))

export const DIVERGENCE = { graph: 'inner', operator: '%1' }

export const authorOf = (worker: string, before: readonly HashHex[] = []) => ({
  worker,
  account: accountOf(worker),
  before,
})

/** A commitment to replica 0 of round 0 with given signatures of custodians. */
export function trained(
  worker: string,
  custodians: string[],
  unit: Unit = { job, round: 0, replica: 0, kind: 'train' },
) {
  const signed = toyUnit(unit, toyInitialRoot, undefined, authorOf(worker))
  const commitment = { ...signed.commitment, checkpointRoots: [signed.commitment.updateRoot as HashHex] }
  const claim = toyChecking.claimHash(trainedClaim(commitment))
  return { kind: 'trained', commitment: { ...signed, commitment, custody: custodyOf(...custodians) }, claim } as const
}

/** The same where it left the domain. */
export function divergedUnit(worker: string, changes: Partial<SaltedCommitment> = {}) {
  const unit = { job, round: 0, replica: 0, kind: 'train' } as const
  const signed = toyDivergedUnit(unit, toyInitialRoot, undefined, authorOf(worker))
  const commitment = { ...signed.commitment, checkpointRoots: [DIVERGED_ROOT], ...changes }
  const work = { commitment: { ...signed, commitment, custody: [] }, claim: 'f'.repeat(64) as HashHex }
  return { kind: 'diverged', node: worker, divergence: DIVERGENCE, work } as const
}

/** Three workers are there; the first has the job's first unit. */
export function coordinatorDesk() {
  let state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
  let nowMs = 0
  const tell = (...events: CoordinatorEvent[]) => {
    const effects = events.flatMap(event => {
      const ticked = tickCoordinator(state, event, nowMs, 7)
      state = ticked.state
      return ticked.effects
    })
    return effects.flatMap(effect => (effect.effect === 'reason' ? [effect.text] : []))
  }
  const record = () => state.jobs.get(job) as JobRecord
  const commit = (peer: string, outcome: UnitOutcome, unit?: Unit) => {
    const given = unit ?? { job, round: 0, replica: 0, kind: 'train' as const }
    const before = claimsBefore(record(), given) ?? []
    return tell({ event: 'commit', job, peer, unit: given, outcome, before })
  }
  const report = (peer: string, outcome: ReportOutcome = { globalRoot: 'e'.repeat(64) as HashHex }) => {
    const signature = { account: accountOf(peer), signature: '' }
    const claims = claimsOfRound(record(), 0) ?? []
    return tell({ event: 'report', job, peer, round: 0, outcome, signature, claims })
  }
  const beat = (freeStake: bigint) =>
    [A, B, C].map((peer): CoordinatorEvent => {
      const node = { peer, account: accountOf(peer), owner: `owner of ${peer}`, role: 'worker', addresses: [] } as const
      const offer = { price: 1n, memoryBytes: 1000, operationsPerSecond: 1000, leaving: false, freeStake }
      return { event: 'presence', node: { ...node, ...offer } }
    })

  function begin(begun: JobFacts, freeStake: bigint): void {
    state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
    nowMs = 1000
    tell(...beat(freeStake), { event: 'job', facts: begun, submitter: '0xs', chain: held, history: [] })
    tell({ event: 'pinned', job, peer: A }, { event: 'timer' })
  }

  /** Whoever was leased the evaluation after round 0 commits to it. Returns who. */
  const evaluate = (diverged?: typeof DIVERGENCE): string => {
    const node = record().rounds[0]?.evaluation?.lease?.node ?? ''
    const unit = { job, round: 0, replica: 0, kind: 'evaluate' } as const
    const evaluation = toyEvaluation(unit, 'e'.repeat(64) as HashHex, authorOf(node), diverged)
    commit(node, { kind: 'evaluated', evaluation, claim: toyChecking.claimHash(evaluatedClaim(evaluation)) }, unit)
    return node
  }

  /** Round 0 is done. Returns who evaluated it. */
  const doRound = (diverged?: typeof DIVERGENCE): string => {
    commit(A, trained(A, [B]))
    report(A)
    return evaluate(diverged)
  }

  const wait = (ms: number): void => {
    nowMs += ms
  }
  return { tell, wait, record, commit, report, beat, begin, doRound }
}
