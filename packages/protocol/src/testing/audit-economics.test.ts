/** What cheating costs, on a slice of the jobs of docs/audit-economics.md. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nativeSha256 as hash } from '../messages/testing/node-keys.ts'
import { deviationsOf, errorOf, meanOf } from './audit-ledger.ts'
import { COSTS, MARKET, PRICE } from './audit-network.ts'
import { tryRerolls } from './audit-reroll.ts'
import { simulateSabotage } from './audit-sabotage.ts'
import { simulate } from './audit-simulation.ts'
import { HONEST, STRATEGIES } from './audit-strategies.ts'
import { simulateLazyVerifier } from './audit-verifiers.ts'
import { introduction } from './node-audit-economics.ts'

const JOBS = 40
/** One of some 15,000 right implementations would fail by chance; the seeds are fixed. */
const MOST_DEVIATIONS = 4

describe('a strategy that aims at gain', () => {
  for (const [i, strategy] of STRATEGIES.entries())
    it(`loses: ${strategy.name} (${strategy.about})`, () => {
      const ledger = simulate(strategy, { hash, jobs: JOBS, seed: i + 1 })
      expect(ledger.cheated.count).toBeGreaterThan(20)
      expect(ledger.found).toBeGreaterThan(2)
      expect(Math.abs(deviationsOf(ledger))).toBeLessThan(MOST_DEVIATIONS)
      expect(meanOf(ledger.cheated)).toBeLessThan(0)
      expect(meanOf(ledger.worked)).toBeGreaterThan(0)
      expect(meanOf(ledger.verified)).toBeGreaterThan(0)
    })

  it('would gain with a bond of no more than its price', () => {
    const [farmer] = STRATEGIES.filter(({ name }) => name === 'reports itself')
    const ledger = simulate(farmer!, { hash, jobs: JOBS, seed: 1, bond: PRICE })
    expect(meanOf(ledger.cheated)).toBeGreaterThan(3 * errorOf(ledger.cheated))
  })
})

describe('an honest node', () => {
  it('earns what its price leaves', () => {
    const { cheated, worked } = simulate(HONEST, { hash, jobs: 10, seed: 1 })
    expect(cheated.count).toBe(0)
    expect(meanOf(worked)).toBe(PRICE - COSTS.compute - COSTS.gas - COSTS.capital)
  })
})

describe('a lazy verifier', () => {
  it('is never paid, and confirms what was planted', () => {
    const { ledger, verdicts } = simulateLazyVerifier(hash, 600, 1)
    expect([...verdicts.keys()]).toEqual(['other-steps'])
    expect(meanOf(ledger.cheated)).toBe(-COSTS.gas)
    expect(ledger.found).toBeGreaterThan(0)
    expect(Math.abs(deviationsOf(ledger))).toBeLessThan(MOST_DEVIATIONS)
  })
})

describe('a coordinator', () => {
  it('cannot have a round’s beacon drawn again', () => {
    const { accepted, refused } = tryRerolls(hash, 5, 4)
    expect(accepted).toBe(0)
    expect(Object.fromEntries(refused)).toEqual({ HeadMoved: 40, NotLeaseHolder: 20 })
  })
})

describe('a saboteur', () => {
  it('is caught with the chance p / C in every unit', () => {
    const rate = MARKET.policy.rate * 5
    const { ledger, rounds } = simulateSabotage(hash, { rate, checkpoints: 5 }, 60, 1)
    expect(Math.abs(deviationsOf(ledger))).toBeLessThan(MOST_DEVIATIONS)
    // The mean of 60 geometric draws with chance 1/10.
    expect(Math.abs(rounds - 10)).toBeLessThan(MOST_DEVIATIONS * Math.sqrt(90 / 60))
  })
})

describe('docs/audit-economics.md', () => {
  const page = readFileSync(new URL('../../../../docs/audit-economics.md', import.meta.url), 'utf8')

  it('is about this network, and 2,000 jobs of every strategy', () => {
    expect(page.startsWith(introduction(2_000))).toBe(true)
    for (const { name, about } of STRATEGIES) expect(page).toContain(`\n| ${name} | ${about} |`)
  })
})
