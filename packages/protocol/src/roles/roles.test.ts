/** The acceptance test of the whole, on letters: whatever fails, the final root is that of the run without faults. */
import type { HashHex } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Counts } from '../settlement.ts'
import { brokenInvariant, impossibleMove } from '../testing/coordinator-invariants.ts'
import type { ToyChain } from '../testing/toy-chain.ts'
import type { Faults } from '../testing/toy-faults.ts'
import { runToyNetwork, type ToyNetworkOptions } from '../testing/toy-network.ts'
import { toyDivergedUnit, toyFacts, toyFinalRoot, toyInitialRoot } from '../testing/toy-work.ts'
import type { ToyDivergence } from '../testing/toy-workers.ts'
import type { Unit } from '../units.ts'
import { claimsBefore, claimsOfRound } from './coordinator/draft.ts'
import { type CoordinatorState, emptyCoordinator, type JobFacts, type JobRecord } from './coordinator/state.ts'
import { tickCoordinator } from './coordinator.ts'

/** Runs a job and checks every state on the way. */
function runChecked(options: Omit<ToyNetworkOptions, 'onTick'>) {
  const last = new Map<string, CoordinatorState>()
  const result = runToyNetwork({
    ...options,
    onTick(state, event, account) {
      const before = last.get(account)
      // What another coordinator has anchored replaces what this one thought.
      const moved = before === undefined || event.event === 'job' ? undefined : impossibleMove(before, state)
      const problem = brokenInvariant(state) ?? moved
      if (problem !== undefined) throw new Error(`${problem}, after ${event.event}`)
      last.set(account, state)
    },
  })
  expect(result.refused).toEqual([])
  return { ...result, job: result.state.jobs.get(options.facts.job) as JobRecord }
}

/** What the chain owes by its last assertion. */
const settledTotals = (chain: ToyChain, { job }: JobFacts): Counts => chain.state().jobs.get(job)!.settled.totals

const faults: fc.Arbitrary<Partial<Faults>> = fc.record({
  lost: fc.integer({ min: 0, max: 40 }),
  doubled: fc.integer({ min: 0, max: 30 }),
  failed: fc.integer({ min: 0, max: 40 }),
  deathEveryMs: fc.constantFrom(0, 3_000, 10_000, 30_000),
  wiped: fc.constantFrom(0, 50, 100),
  restoreEveryMs: fc.constantFrom(0, 5_000),
  replaceEveryMs: fc.constantFrom(0, 0, 100_000),
})

const jobs = fc.record({
  replicas: fc.integer({ min: 1, max: 5 }),
  rounds: fc.integer({ min: 1, max: 6 }),
  custodians: fc.integer({ min: 1, max: 2 }),
})

describe('a job on a network of letters', () => {
  test('ends with the root that one process finds, without a fault and with one worker', () => {
    const facts = toyFacts({ custodians: 0 })
    const { finalRoot, job } = runChecked({ facts, workers: 1, seed: 1 })
    expect(finalRoot).toBe(toyFinalRoot(facts))
    expect(job.chain.status).toBe('closed')
  })

  test('ends with that root under any faults, every unit always in one state for a reason, everything paid', () => {
    let events = 0
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), jobs, faults, (seed, more, given) => {
        const facts = toyFacts(more)
        const { finalRoot, job, chain, ...rest } = runChecked({ facts, workers: 4, seed, faults: given })
        events += rest.events
        expect(finalRoot).toBe(toyFinalRoot(facts))
        expect(job.chain.status).toBe('closed')
        const sum = (kind: keyof Counts) => Number(settledTotals(chain, facts)[kind])
        const units = facts.replicas * facts.rounds
        expect(sum('trained')).toBe(units)
        expect(sum('kept')).toBe(units * facts.custodians)
        expect(sum('evaluated')).toBe(facts.evaluatesAfter.filter(Boolean).length)
        expect(sum('coordinated')).toBe(facts.rounds)
      }),
      { numRuns: 300, endOnFailure: true },
    )
    expect(events).toBeGreaterThan(100_000)
  })

  test('is not moved by reports and divergences of a node that takes no part in it', () => {
    const facts = toyFacts({ rounds: 4 })
    const { journal, state } = runChecked({ facts, workers: 3, seed: 5, faults: { deathEveryMs: 5_000 } })
    const [job, peer] = [facts.job, 'liar']
    const author = { worker: peer, account: `0x${'9'.repeat(40)}`, before: [] }
    const divergedUnit = (unit: Unit) => {
      const commitment = toyDivergedUnit(unit, toyInitialRoot, undefined, author)
      const work = { commitment: { ...commitment, custody: [] }, claim: 'f'.repeat(64) as HashHex }
      return { kind: 'diverged', node: peer, divergence: { graph: 'inner', operator: '%1' }, work } as const
    }
    const lie = (s: CoordinatorState, round: number, nowMs: number) => {
      const record = s.jobs.get(job)
      const claims = (record && claimsOfRound(record, round)) ?? []
      const outcome = { globalRoot: 'f'.repeat(64) as HashHex }
      const signature = { account: `0x${'9'.repeat(40)}`, signature: '' }
      const report = { event: 'report', job, peer, round, outcome, signature, claims } as const
      const unit = { job, round, replica: 0, kind: 'train' } as const
      const before = (record && claimsBefore(record, unit)) ?? []
      const reported = tickCoordinator(s, report, nowMs, 0).state
      return tickCoordinator(
        reported,
        { event: 'commit', job, peer, unit, outcome: divergedUnit(unit), before },
        nowMs,
        0,
      ).state
    }
    let attacked = emptyCoordinator(state.settings)
    for (const { event, nowMs, seed } of journal) {
      attacked = tickCoordinator(attacked, event, nowMs, seed).state
      for (let round = 0; round < facts.rounds; round++) attacked = lie(attacked, round, nowMs)
    }
    expect(attacked).toEqual(state)
  })

  test('that is cancelled pays what the chain can owe: its anchored rounds and the one that was cut short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), jobs, fc.integer({ min: 1, max: 30_000 }), (seed, more, at) => {
        const facts = toyFacts(more)
        const { job, chain } = runChecked({ facts, workers: 4, seed, faults: { lost: 10 }, cancelAtMs: at })
        expect(job.chain.status).toBe('closed')
        const { anchored } = job.chain
        const most = Math.min(facts.rounds, anchored + 1) * facts.replicas
        const sum = (kind: keyof Counts) => Number(settledTotals(chain, facts)[kind])
        expect(sum('trained')).toBeLessThanOrEqual(most)
        expect(sum('trained')).toBeGreaterThanOrEqual(anchored * facts.replicas)
        expect(sum('kept')).toBe(sum('trained') * facts.custodians)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('that leaves the domain ends there: every round before it is anchored, and all that was done is paid', () => {
    const divergence = fc.record({
      in: fc.constantFrom('unit', 'outer', 'evaluation'),
      round: fc.nat({ max: 5 }),
      replica: fc.nat({ max: 4 }),
    })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), jobs, divergence, faults, (seed, more, where, given) => {
        const facts = toyFacts(more)
        const rounds = [...facts.evaluatesAfter.keys()].filter(
          at => where.in !== 'evaluation' || facts.evaluatesAfter[at],
        )
        const round = rounds[where.round % rounds.length]!
        const { job, chain } = runChecked({
          facts,
          workers: 4,
          seed,
          // Another coordinator cannot know what the round that was cut short came to.
          faults: { ...given, replaceEveryMs: 0 },
          divergence: { ...where, round, replica: where.replica % facts.replicas } as ToyDivergence,
        })
        expect(job.chain).toMatchObject({ status: 'closed', anchored: round })
        expect(job.ended).toMatchObject({ outcome: 'diverged' })
        const { trained, evaluated } = settledTotals(chain, facts)
        expect(Number(trained)).toBe((round + 1) * facts.replicas)
        const before = facts.evaluatesAfter.slice(0, round).filter(Boolean).length
        expect(Number(evaluated)).toBe(before + Number(where.in === 'evaluation'))
      }),
      { numRuns: 150, endOnFailure: true },
    )
  })

  test('is restored from its journal to the same state', () => {
    const facts = toyFacts({ rounds: 5 })
    const { journal, state } = runChecked({ facts, workers: 3, seed: 9, faults: { lost: 20, deathEveryMs: 5_000 } })
    const restored = journal.reduce(
      (s, { event, nowMs, seed }) => tickCoordinator(s, event, nowMs, seed).state,
      emptyCoordinator(state.settings),
    )
    expect(restored).toEqual(state)
  })
})
