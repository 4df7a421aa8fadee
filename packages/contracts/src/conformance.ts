/**
 * Sends the same calls to the contracts on a local chain and to the reference model, and compares after each one what
 * came of it: the outcome by name, the events, everybody's money, the whole job; and at the end what clients read of it. An entry of its own, so that
 * `e2e/slow/money.ts` can run more of it than the tests do.
 */
import { philox4x32 } from '@cairn/primitives'
import { type Account, createRandomCalls, type Settlement, type SettlementCall } from '@cairn/protocol'
import { compareCall, startPair } from './conformance/pair.ts'
import { compareReadings } from './conformance/readings.ts'
import type { Signatures } from './conformance/signatures.ts'
import type { LocalChain } from './local-chain.ts'
import { settlementHashing } from './settlement-hashing.ts'

export { advanceChain } from './conformance/clock.ts'
export { type ForgeReport, type ForgeRun, runForge } from './conformance/forge.ts'
export { type MoveCost, type RulesOnChain, startRules } from './conformance/game-rules.ts'
export { type Harness, type HarnessName, startHarness } from './conformance/harness.ts'
export { knownClaim, madeUpClaim, withClaims } from './conformance/shown-claims.ts'

/** Returns the seeds of so many calls. */
export const randomSeeds = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => philox4x32([i, 0, 0, 0], [seed, 0])[0])

/**
 * Compares one call for each seed, on a network of their own. Returns how often each outcome came (the call's name, or
 * the code of its refusal). Throws `Error` at the first difference.
 */
export async function compareWithModel(chain: LocalChain, seeds: readonly number[]): Promise<Map<string, number>> {
  const pair = await startPair(chain)
  const calls = createRandomCalls(settlementHashing, pair.signatures.note, pair.accounts)
  const outcomes = new Map<string, number>()
  for (const seed of seeds) {
    pair.now = calls.time(seed, pair.model, pair.now)
    const call = await pair.signatures.sign(calls.next(seed, pair.model, pair.now))
    const outcome = await compareCall(pair, call)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  await compareReadings(pair)
  return outcomes
}

/** Who makes the calls of a script; `sign` signs for all of them. */
export interface Players {
  readonly accounts: readonly Account[]
  readonly sign: Signatures['note']
}

/** A call at a time, in seconds after the script's beginning. */
export interface ScriptStep {
  readonly at: number
  /** Made up from the state that the steps before it left. */
  call(players: Players, state: Settlement): SettlementCall
}

/** What a script came to: the outcome of each call, and the state before the first and after each. */
export interface ScriptReport {
  readonly accounts: readonly Account[]
  readonly outcomes: readonly string[]
  readonly states: readonly Settlement[]
}

/** Compares the calls of a script, on a network of their own. */
export async function playScript(chain: LocalChain, steps: readonly ScriptStep[]): Promise<ScriptReport> {
  const pair = await startPair(chain)
  const players = { accounts: pair.accounts, sign: pair.signatures.note }
  const outcomes: string[] = []
  const states = [pair.model]
  const began = pair.now
  for (const { at, call } of steps) {
    pair.now = began + at
    outcomes.push(await compareCall(pair, await pair.signatures.sign(call(players, pair.model))))
    states.push(pair.model)
  }
  await compareReadings(pair)
  return { accounts: pair.accounts, outcomes, states }
}
