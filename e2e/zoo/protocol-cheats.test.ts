/** Every cheat of the protocol, on real contracts: who is in it has less than before or as much, and the job is as it should be. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gainOf } from './protocol-cheat.ts'
import { PROTOCOL_CHEATS } from './protocol-cheats.ts'
import { DELAY_SECONDS, openStage } from './stage.ts'

/** Of this network's terms and parameters. */
const [UNIT_BOND, CHALLENGE_BOND, EARNINGS_BOND] = [999n, 1_000_000n, 10_000_000n]
const BURNED_OF_UNIT = 500n

/** What it costs those who are in it. */
const LOSSES: Readonly<Record<string, bigint>> = {
  'silent-in-the-game': UNIT_BOND,
  'stalls-every-move': UNIT_BOND,
  'lies-about-a-child': UNIT_BOND,
  'claims-another-program': UNIT_BOND,
  'blinded-garbage': UNIT_BOND,
  'false-accuser': CHALLENGE_BOND,
  'refuses-custody': 0n,
  'lazy-verifier': 0n,
  'sybil-loses-to-itself': UNIT_BOND + CHALLENGE_BOND / 2n,
  // Half of what three challenges lock, 350,000,000; the rest comes back to the worker.
  'prices-challengers-out': 175_000_000n + UNIT_BOND,
  'reports-itself': BURNED_OF_UNIT,
  'has-a-verifier': UNIT_BOND + CHALLENGE_BOND,
  equivocator: UNIT_BOND,
  'coordinator-pays-itself': EARNINGS_BOND,
  're-rolls-the-beacon': 0n,
}

/** Games that go by the clock. */
const LONG: readonly string[] = ['silent-in-the-game', 'stalls-every-move', 'sybil-loses-to-itself']

let stage: Awaited<ReturnType<typeof openStage>>
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

it.each(PROTOCOL_CHEATS)('$name gains nothing', async ({ name, perform }) => {
  const outcome = await perform(stage)
  expect(-gainOf(outcome), outcome.end).toBe(LOSSES[name])
  expect(outcome.isHarmed).toBe(false)
  expect(Object.values(outcome.money).reduce((sum, each) => sum + each)).toBe(0n)
  if (!LONG.includes(name)) return
  expect(outcome.seconds).toBeGreaterThan(DELAY_SECONDS / 2)
  expect(outcome.seconds).toBeLessThanOrEqual(2 * DELAY_SECONDS)
})
