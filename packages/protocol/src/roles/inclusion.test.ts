/** Forced inclusion on letters: whose commitments never come to a coordinator puts its units on the chain, and is paid. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brokenMoneyRules, earnedIn } from '../settlement.ts'
import { brokenInvariant } from '../testing/coordinator-invariants.ts'
import { runToyNetwork, type ToyNetworkOptions } from '../testing/toy-network.ts'
import { toyFacts, toyFinalRoot } from '../testing/toy-work.ts'
import { accountOf, toyPeers } from '../testing/toy-workers.ts'
import type { JobRecord } from './coordinator/state.ts'

const facts = toyFacts({ rounds: 4, replicas: 2, unitBond: 1n })
const ACCOUNTS = toyPeers(3).map(accountOf)

/** Runs a job to its end, and checks what must hold of it whoever does what. */
function run(options: Omit<ToyNetworkOptions, 'onTick' | 'workers' | 'facts'> & { readonly workers?: number }) {
  const result = runToyNetwork({
    ...{ facts, workers: 3 },
    ...options,
    onTick(state, event) {
      const problem = brokenInvariant(state)
      if (problem !== undefined) throw new Error(`${problem}, after ${event.event}`)
    },
  })
  const job = result.state.jobs.get(facts.job) as JobRecord
  expect(job.chain.status).toBe('closed')
  expect(result.finalRoot).toBe(toyFinalRoot(facts))
  expect(result.refused).toEqual([])
  expect(brokenMoneyRules(result.chain.state())).toEqual([])
  const links = result.chain.anchors().map(anchor => ({ anchor, isClosing: false }))
  const earned = earnedIn(links, facts.replicas)
  const trained = (i: number) => Number(earned.get(ACCOUNTS[i]!)?.trained ?? 0n)
  const said = (text: string) => result.reasons.filter(reason => reason.includes(text)).length
  const { included } = result.chain.state().jobs.get(facts.job)!
  return { ...result, job, trained, said, included }
}

describe('a worker whose commitments its coordinator does not take', () => {
  test('puts its units on the chain, and is paid for them; the root is the same', () => {
    const { trained, included } = run({ seed: 1, censored: 1 })
    expect(included.map(({ worker }) => worker)).toContain(ACCOUNTS[0])
    expect(trained(0)).toBe(included.length)
  })

  test('has its unit taken by the coordinator that takes over', () => {
    const { trained, included, said } = run({ seed: 3, censored: 3, faults: { replaceEveryMs: 100_000 } })
    expect(said('is held by')).toBeGreaterThan(1)
    expect(included.length).toBeGreaterThanOrEqual(facts.rounds * facts.replicas)
    expect(trained(0) + trained(1) + trained(2)).toBe(facts.rounds * facts.replicas)
  })

  test('asks nothing of the chain where nothing is left out', () => {
    expect(run({ seed: 2 }).included).toEqual([])
  })

  test('leads to the same root under faults', () => {
    const faults = {
      lost: 10,
      doubled: 10,
      failed: 10,
      deathEveryMs: 30_000,
      restoreEveryMs: 30_000,
      replaceEveryMs: 60_000,
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 3 }), (seed, censored) => {
        run({ seed, censored, faults })
      }),
      { numRuns: 20 },
    )
  })
})
