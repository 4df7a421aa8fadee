/**
 * Sends the same calls to the contracts on a local chain and to the reference model, and compares after each one what
 * came of it: the outcome by name, the events, everybody's money, the whole job. An entry of its own, so that
 * `e2e/slow/money.ts` can run more of it than the tests do.
 */
import { philox4x32 } from '@cairn/primitives'
import { type Account, createRandomCalls, type Settlement, type SettlementCall } from '@cairn/protocol'
import { compareCall, startPair } from './conformance/pair.ts'
import type { LocalChain } from './local-chain.ts'
import { settlementHashing } from './settlement-hashing.ts'

export { type ForgeReport, type ForgeRun, runForge } from './conformance/forge.ts'

/** Returns the seeds of so many calls. */
export const randomSeeds = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => philox4x32([i, 0, 0, 0], [seed, 0])[0])

/**
 * Compares one call for each seed, on a network of their own. Returns how often each outcome came (the call's name, or
 * the code of its refusal). Throws `Error` at the first difference.
 */
export async function compareWithModel(chain: LocalChain, seeds: readonly number[]): Promise<Map<string, number>> {
  const pair = await startPair(chain)
  const calls = createRandomCalls(settlementHashing, pair.accounts)
  const outcomes = new Map<string, number>()
  for (const seed of seeds) {
    pair.now = calls.time(seed, pair.model, pair.now)
    const outcome = await compareCall(pair, calls.next(seed, pair.model))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  return outcomes
}

/** A call at a time, in seconds after the script's beginning. */
export interface ScriptStep {
  readonly at: number
  /** Made up from the state that the steps before it left. */
  call(accounts: readonly Account[], state: Settlement): SettlementCall
}

/** Compares the calls of a script, on a network of their own. Returns the outcome of each. */
export async function playScript(chain: LocalChain, steps: readonly ScriptStep[]): Promise<string[]> {
  const pair = await startPair(chain)
  const outcomes: string[] = []
  const began = pair.now
  for (const { at, call } of steps) {
    pair.now = began + at
    outcomes.push(await compareCall(pair, call(pair.accounts, pair.model)))
  }
  return outcomes
}
