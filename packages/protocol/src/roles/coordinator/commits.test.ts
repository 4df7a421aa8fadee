import type { HashHex } from '@cairn/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  A,
  authorOf,
  B,
  C,
  coordinatorDesk,
  custodyOf,
  DIVERGENCE,
  divergedUnit,
  facts,
  job,
  STRANGER,
  trained,
} from '../../testing/coordinator-desk.ts'
import { toyChecking, toyEvaluation } from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { DIVERGED_ROOT, type SaltedCommitment } from '../../units.ts'
import { evaluatedClaim } from '../../work-claims.ts'
import { DEFAULT_SETTINGS } from './state.ts'

describe('a commitment', () => {
  const { tell, wait, record, commit, report, beat, begin, doRound } = coordinatorDesk()

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

  test('that is put on the chain begins a job anew that was taken for ended', () => {
    doRound(DIVERGENCE)
    expect(record().ended).toMatchObject({ outcome: 'diverged' })
    const outcome = trained(C, [B])
    const { unit } = outcome.commitment.commitment
    tell({ event: 'included', job, peer: C, unit, outcome, before: [] })
    expect(record()).not.toHaveProperty('ended')
    expect(record().rounds[0]?.units[0]).toMatchObject({ outcome: { commitment: { worker: C } } })
    expect(record().rounds[0]).not.toHaveProperty('evaluation')
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

  test('that its worker has put on the chain displaces nothing where it is refused, or its bond cannot be locked', () => {
    const outcome = trained(C, [B])
    const { commitment } = outcome.commitment
    const included = { event: 'included', job, peer: C, unit: commitment.unit, outcome, before: [] } as const
    const elsewhere = { ...commitment, globalRoot: 'f'.repeat(64) as HashHex }
    const wrong = { ...outcome, commitment: { ...outcome.commitment, commitment: elsewhere, claimSignature: '1' } }
    commit(A, trained(A, [B]))
    const before = record()
    expect(tell({ ...included, outcome: wrong }).join()).toContain('put on the chain by its worker, is refused')
    expect(record()).toEqual(before)
    begin({ ...facts, unitBond: 5n }, 9n)
    commit(A, trained(A, [B]))
    tell(...beat(1n), included)
    expect(record().rounds[0]?.units[0]).toMatchObject({ outcome: { commitment: { worker: A } } })
  })

  test('of a node that then never reports holds the others of its round up for a while only', () => {
    begin({ ...facts, replicas: 2 }, 0n)
    tell({ event: 'pinned', job, peer: B }, { event: 'timer' })
    const nodes = [0, 1].map(replica => {
      const unit = { job, round: 0, replica, kind: 'train' } as const
      const { lease, named } = record().rounds[0]?.units[replica] ?? {}
      const node = lease?.node ?? ''
      commit(node, trained(node, [...(named?.get(node) ?? [])], unit), unit)
      return node
    })
    expect(new Set(nodes).size).toBe(2)
    report(nodes[0] ?? '')
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
    wait(DEFAULT_SETTINGS.shortestLeaseMs)
    const reasons = tell(...beat(0n), { event: 'timer' })
    expect(record().rounds[0]?.globalRoot).toBe('e'.repeat(64))
    expect(reasons.join()).toContain('has not reported; the others agree without it')
  })

  test('of a node that is there and never signs what follows from it is done again: nobody speaks in its place', () => {
    const { shortestLeaseMs } = DEFAULT_SETTINGS
    commit(A, trained(A, [B]))
    report(B)
    wait(3 * shortestLeaseMs - 1)
    expect(tell(...beat(0n), { event: 'timer' }).join()).not.toContain('has signed its outer step')
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
    wait(1)
    expect(tell(...beat(0n), { event: 'timer' }).join()).toContain('has signed its outer step')
    expect(record().rounds[0]?.units[0]).toMatchObject({
      state: 'leased',
      lease: { node: expect.not.stringMatching(A) },
    })
  })

  test('says nothing of the round before it, which takes a signature', () => {
    doRound()
    const unit = { job, round: 1, replica: 0, kind: 'train' } as const
    const before = record().rounds[0]
    const node = record().rounds[1]?.units[0]?.lease?.node ?? ''
    const outcome = trained(node, [B], unit)
    const madeUp = { ...outcome.commitment.commitment, globalRoot: 'f'.repeat(64) as HashHex }
    commit(C, { ...outcome, commitment: { ...outcome.commitment, commitment: madeUp } }, unit)
    expect(record().rounds[0]).toEqual(before)
  })
})
