import { expect, it } from 'vitest'
import { runForge } from './conformance.ts'

const RUNS = 20
const DEPTH = 130

/** `node e2e/slow/money.ts` makes over 10,000 calls. */
it('keeps every unit of money in forge, whatever calls come', { timeout: 120_000 }, async () => {
  const { ok, passed, calls, refused, output } = await runForge({ runs: RUNS, depth: DEPTH, seed: 7 })
  expect(ok, output).toBe(true)
  expect([...passed].sort(), output).toEqual([
    'invariant_everyUnitOfMoneyHasAnOwner',
    'testFuzz_anyCountsHaveAPrice',
    'testFuzz_parametersNeverOverflow',
    'testFuzz_sensibleIsDecidedForAnyTerms',
    'testFuzz_sensibleTermsAlwaysHaveAPrice',
    'testFuzz_theUnitBondIsTheSmallestThatDeters',
  ])
  expect(calls).toBe(RUNS * DEPTH)
  // Sequences of refusals would prove nothing.
  expect(refused).toBeLessThan(0.7 * calls)
})
