import { SETTLEMENT_CODES } from '@cairn/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorsAbi } from './abi/errors.ts'
import { compareWithModel, randomSeeds } from './conformance.ts'
import { type LocalChain, startLocalChain } from './index.ts'

const SEQUENCES = 4
const CALLS = 110

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

it('does in Solidity what the model does, call by call', { timeout: 60_000 }, async () => {
  const seeds = randomSeeds(4, SEQUENCES * CALLS)
  const seen = new Set<string>()
  for (let i = 0; i < seeds.length; i += CALLS) {
    for (const outcome of (await compareWithModel(chain, seeds.slice(i, i + CALLS))).keys()) seen.add(outcome)
  }
  // Most calls and refusals are among the few that are compared here; `e2e/slow/money.ts` sees the rest.
  expect(seen.size).toBeGreaterThan(40)
})

it('has the same names for the same refusals', () => {
  const names = errorsAbi.map(({ name }) => name)
  expect(SETTLEMENT_CODES.filter(code => !names.includes(code))).toEqual([])
})
