import type { HashHex } from '@cairn/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  toyChecking,
  toyDivergedUnit,
  toyEvaluation,
  toyFacts,
  toyInitialRoot,
  toyUnit,
} from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { DIVERGED_ROOT, type SaltedCommitment, type Unit } from '../../units.ts'
import { evaluatedClaim, trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import type { UnitOutcome } from '../unit-machine.ts'
import { claimsBefore, claimsOfRound } from './draft.ts'
import {
  type ChainView,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobFacts,
  type JobRecord,
  type ReportOutcome,
} from './state.ts'

const ACCOUNT = `0x${'c'.repeat(40)}`
const [A, B, C, STRANGER] = ['a', 'b', 'c', 'f'].map(letter => letter.repeat(64)) as [string, string, string, string]
const facts = toyFacts({ replicas: 1, rounds: 2, custodians: 1, checkpoints: 1, evaluatesAfter: [true, true] })
const { job } = facts
const held: ChainView = {
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
const custodyOf = (...peers: string[]) =>
  peers.map(peer => ({ peer, account: accountOf(peer), signature: '0'.repeat(128) }))

const DIVERGENCE = { graph: 'inner', operator: '%1' }

const authorOf = (worker: string, before: readonly HashHex[] = []) => ({ worker, account: accountOf(worker), before })

/** A commitment to replica 0 of round 0 with given signatures of custodians. */
function trained(worker: string, custodians: string[], unit: Unit = { job, round: 0, replica: 0, kind: 'train' }) {
  const signed = toyUnit(unit, toyInitialRoot, undefined, authorOf(worker))
  const commitment = { ...signed.commitment, checkpointRoots: [signed.commitment.updateRoot as HashHex] }
  const claim = toyChecking.claimHash(trainedClaim(commitment))
  return { kind: 'trained', commitment: { ...signed, commitment, custody: custodyOf(...custodians) }, claim } as const
}

/** The same where it left the domain. */
function divergedUnit(worker: string, changes: Partial<SaltedCommitment> = {}) {
  const unit = { job, round: 0, replica: 0, kind: 'train' } as const
  const signed = toyDivergedUnit(unit, toyInitialRoot, undefined, authorOf(worker))
  const commitment = { ...signed.commitment, checkpointRoots: [DIVERGED_ROOT], ...changes }
  const work = { commitment: { ...signed, commitment, custody: [] }, claim: 'f'.repeat(64) as HashHex }
  return { kind: 'diverged', node: worker, divergence: DIVERGENCE, work } as const
}

describe('a commitment', () => {
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
    expect(record().rounds[0]?.units[0]?.state).toBe('leased')
  }

  beforeEach(() => begin(facts, 0n))

  test.each([
    ['strangers', [STRANGER]],
    ['the worker itself', [A]],
    ['nobody', []],
  ])('is refused when only %s signed that they hold what it left', (_, custodians) => {
    expect(commit(A, trained(A, custodians)).join()).toContain('0 custodians of other owners have signed')
    expect(record().rounds[0]?.units[0]?.state).toBe('leased')
  })

  test('is refused when its worker has chosen itself who keeps it: none were named to who had no lease', () => {
    expect(commit(C, trained(C, [B])).join()).toContain('0 custodians of other owners have signed')
    expect(commit(A, trained(A, [B])).join()).toContain('committed by')
  })

  test('goes into the round with the signatures that count, and no more than are paid', () => {
    commit(A, trained(A, [STRANGER, A, B, B, C]))
    expect(record().rounds[0]?.units[0]?.outcome).toMatchObject({ commitment: { custody: custodyOf(B) } })
    expect(record().participants.has(STRANGER)).toBe(false)
  })

  test('with another number of checkpoints is refused', () => {
    const good = trained(A, [B])
    const { commitment } = good.commitment
    const short = { ...good.commitment, commitment: { ...commitment, checkpointRoots: [] } }
    expect(commit(A, { ...good, commitment: short }).join()).toContain('0 checkpoints, not 1')
  })

  test('whose custodian names another account than is registered for it does not count that one', () => {
    const good = trained(A, [B])
    const custody = custodyOf(B).map(entry => ({ ...entry, account: accountOf(C) }))
    const refused = commit(A, { ...good, commitment: { ...good.commitment, custody } })
    expect(refused.join()).toContain('0 custodians of other owners have signed')
  })

  test('that names other claims before it than those of its round is not heard', () => {
    commit(A, trained(A, [B]))
    report(A)
    const unit = { job, round: 1, replica: 0, kind: 'train' } as const
    const before = record()
    const stale = ['9'.repeat(64) as HashHex]
    const said = tell({ event: 'commit', job, peer: A, unit, outcome: trained(A, [B], unit), before: stale })
    expect(said).toEqual([])
    expect(record()).toEqual(before)
  })

  test('of a worker whose bond cannot be locked makes its unit open again, for others first', () => {
    commit(A, trained(A, [B]))
    report(A)
    const evaluator = record().rounds[0]?.evaluation?.lease?.node ?? ''
    const unit = { job, round: 0, replica: 0, kind: 'evaluate' } as const
    const evaluation = toyEvaluation(unit, 'e'.repeat(64) as HashHex, authorOf(evaluator))
    const claim = toyChecking.claimHash(evaluatedClaim(evaluation))
    commit(evaluator, { kind: 'evaluated', evaluation, claim }, unit)
    expect(record().calling?.call).toMatchObject({ call: 'anchor', round: 0 })
    const reasons = tell({ event: 'called', job, ok: false, unbonded: accountOf(A) }).join()
    expect(reasons).toContain(`${accountOf(A)} has no stake left for its bond`)
    expect(record().rounds).toHaveLength(1)
    expect(record().rounds[0]?.units[0]?.lease?.node).not.toBe(A)
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
  })

  test.each<[string, Partial<SaltedCommitment>, RegExp]>([
    ['from another state', { globalRoot: '9'.repeat(64) as HashHex }, /it starts from the state 99999999/],
    ['with other checkpoints', { checkpointRoots: [] }, /it has 0 checkpoints, not 1/],
  ])('that left the domain %s is refused: no chain would take it', (_, changes, reason) => {
    expect(commit(A, divergedUnit(A, changes)).join()).toMatch(reason)
    expect(record().rounds[0]?.units[0]?.state).toBe('leased')
  })

  test('that left the domain names nobody who is to be paid for keeping it', () => {
    const { work, ...outcome } = divergedUnit(A)
    commit(A, { ...outcome, work: { ...work, commitment: { ...work.commitment, custody: custodyOf(B, C) } } })
    expect(record().rounds[0]?.units[0]?.outcome).toMatchObject({ work: { commitment: { custody: [] } } })
  })

  test('is not taken where it says both that it left the domain and that it did not, or is of no replica', () => {
    const before = record()
    const good = trained(A, [B])
    const left = { ...good.commitment.commitment, updateRoot: DIVERGED_ROOT }
    commit(A, { ...good, commitment: { ...good.commitment, commitment: left } })
    commit(A, divergedUnit(A, { updateRoot: '7'.repeat(64) as HashHex }))
    expect(record()).toEqual(before)
    commit(A, good)
    report(A)
    const node = record().rounds[0]?.evaluation?.lease?.node ?? ''
    const unit = { job, round: 0, replica: 5, kind: 'evaluate' } as const
    const evaluation = toyEvaluation(unit, 'e'.repeat(64) as HashHex, authorOf(node))
    commit(node, { kind: 'evaluated', evaluation, claim: 'c'.repeat(64) as HashHex }, unit)
    expect(record().rounds[0]?.evaluation?.state).toBe('leased')
  })

  test('that left the domain is refused where there is no stake for its bond', () => {
    begin({ ...facts, unitBond: 5n }, 9n)
    tell(...beat(1n))
    expect(commit(A, divergedUnit(A)).join()).toContain('its stake does not cover the bond')
    expect(commit(A, trained(A, [B])).join()).toContain('committed by')
  })

  /** One that says so, of the evaluation after round 0. */
  const endByEvaluation = (): string => {
    commit(A, trained(A, [B]))
    report(A)
    const liar = record().rounds[0]?.evaluation?.lease?.node ?? ''
    const unit = { job, round: 0, replica: 0, kind: 'evaluate' } as const
    const evaluation = toyEvaluation(unit, 'e'.repeat(64) as HashHex, authorOf(liar), DIVERGENCE)
    commit(liar, { kind: 'evaluated', evaluation, claim: 'c'.repeat(64) as HashHex }, unit)
    return liar
  }

  describe('that says that it left the domain ends nothing when its worker cannot answer for it:', () => {
    const refused = (liar: string) => {
      expect(record().ended).toMatchObject({ outcome: 'diverged' })
      expect(record().calling?.call).toMatchObject({ call: 'end', outcome: 'diverged' })
      const reasons = tell({ event: 'called', job, ok: false, unbonded: accountOf(liar) }).join()
      expect(reasons).toContain(`${accountOf(liar)} has no stake left for its bond`)
      expect(record()).not.toHaveProperty('ended')
      expect(record()).not.toHaveProperty('ending')
    }

    test('a unit', () => {
      commit(A, divergedUnit(A))
      report(A, { diverged: DIVERGENCE })
      refused(A)
      expect(record().rounds[0]?.units[0]?.lease?.node).not.toBe(A)
    })

    test('an evaluation', () => {
      const liar = endByEvaluation()
      refused(liar)
      expect(record().rounds[0]?.evaluation?.lease?.node).not.toBe(liar)
      expect(record().rounds[1]?.units[0]?.state).toBe('leased')
    })
  })

  test('that is put on the chain begins a job anew that was taken for ended', () => {
    endByEvaluation()
    expect(record().ended).toMatchObject({ outcome: 'diverged' })
    const outcome = trained(C, [B])
    const { unit } = outcome.commitment.commitment
    tell({ event: 'included', job, peer: C, unit, outcome, before: [] })
    expect(record()).not.toHaveProperty('ended')
    expect(record().rounds[0]?.units[0]).toMatchObject({ outcome: { commitment: { worker: C } } })
    expect(record().rounds[0]).not.toHaveProperty('evaluation')
  })

  test('keeps nobody from what is owed where the link that closes a cancelled chain is refused', () => {
    const liar = endByEvaluation()
    const cancelled: ChainView = { ...held, status: 'cancelled', cancelEndsAtMs: 1e9 }
    tell({ event: 'called', job, ok: false }, { event: 'chain', job, view: cancelled })
    const calls: string[] = []
    for (let i = 0; i < 8; i++) {
      nowMs += DEFAULT_SETTINGS.callTimeoutMs
      tell({ event: 'timer' })
      calls.push(record().calling?.call.call ?? 'none')
      const unbonded = i === 1 ? { unbonded: accountOf(liar) } : {}
      tell({ event: 'called', job, ok: false, isRefused: true, ...unbonded })
      tell({ event: 'chain', job, view: cancelled })
    }
    expect(calls.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'end'))
    expect(calls.at(-1)).toBe('assertEarnings')
  })

  test('of one kind never stands for a unit of the other', () => {
    commit(A, trained(A, [B]))
    report(A)
    const unit = { job, round: 0, replica: 0, kind: 'evaluate' } as const
    const before = record()
    expect(before.rounds[0]?.evaluation?.state).toBe('leased')
    commit(A, trained(A, [B], unit), unit)
    expect(record()).toEqual(before)
    const training = { job, round: 1, replica: 0, kind: 'train' } as const
    const evaluation = toyEvaluation(training, 'e'.repeat(64) as HashHex, authorOf(A))
    const claim = toyChecking.claimHash(evaluatedClaim(evaluation))
    commit(A, { kind: 'evaluated', evaluation, claim }, training)
    expect(record()).toEqual(before)
  })

  test('that its worker has put on the chain takes the place of another one, and then stays', () => {
    const outcome = trained(C, [B])
    const included = {
      event: 'included',
      job,
      peer: C,
      unit: outcome.commitment.commitment.unit,
      outcome,
      before: [],
    } as const
    commit(A, trained(A, [B]))
    report(A)
    const reasons = tell(included)
    expect(reasons.join()).toContain('has put its own on the chain')
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
    const { units } = record().rounds[0]!
    expect(units[0]).toMatchObject({ state: 'committed', outcome: { commitment: { worker: C } } })
    expect(tell(included)).toEqual([])
    commit(A, trained(A, [B]))
    expect(record().rounds[0]?.units).toEqual(units)
  })

  test('of a node that then never reports holds the round up for a while only', () => {
    commit(A, trained(A, [B]))
    report(B)
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
    nowMs += DEFAULT_SETTINGS.shortestLeaseMs
    const reasons = tell(...beat(0n), { event: 'timer' })
    expect(record().rounds[0]?.globalRoot).toBe('e'.repeat(64))
    expect(reasons.join()).toContain('has not reported; the others agree without it')
  })
})
