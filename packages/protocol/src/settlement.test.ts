import { sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Account,
  applyCall,
  areParametersGood,
  atLeast,
  brokenMoneyRules,
  type Counts,
  createRandomCalls,
  heldInEscrow,
  heldInRegistry,
  type NetworkParameters,
  newSettlement,
  priceOf,
  type RandomCalls,
  SETTLEMENT_CODES,
  type Settlement,
  type SettlementCall,
  type Terms,
  toyHashing,
} from './settlement.ts'

const SEQUENCES = 100
const CALLS = 120
/** What the rules for terms make impossible; the contracts check it all the same. */
const UNREACHABLE = ['OwedExceedsBudget']

const hashing = toyHashing(sha256)
const accounts = ['1', '2', '3', '4', '5'].map(digit => `0x${digit.repeat(40)}` as Account)
const parameters: NetworkParameters = {
  minimumStake: 100n,
  leaseBond: 30n,
  earningsBond: 20n,
  unbondingSeconds: 50,
  challengeSeconds: 20,
  leaseSeconds: 30,
  cancelSeconds: 60,
  pauseSeconds: 10,
  pauseIntervalSeconds: 80,
  guardian: accounts[0]!,
}

interface Run {
  state: Settlement
  now: number
  minted: bigint
}

function send(run: Run, call: SettlementCall): string {
  const outcome = applyCall(hashing, run.state, call, run.now)
  if (!outcome.ok) return outcome.code
  run.state = outcome.state
  if (call.call === 'mint') run.minted += call.args.amount
  return call.call
}

/** A network whose accounts have tokens and stakes, so that sequences need not begin with poverty. */
function started(): Run {
  const run: Run = { state: newSettlement(parameters), now: 1_000, minted: 0n }
  for (const from of accounts) {
    send(run, { call: 'mint', from, args: { to: from, amount: 3_000n } })
    send(run, { call: 'register', from, args: { peerKey: sha as never, signature: [sha, sha] as never, owner: from } })
    send(run, { call: 'stake', from, args: { amount: 500n } })
  }
  return run
}
const sha = 'ab'.repeat(32)

const totalTokens = ({ tokens }: Settlement): bigint => [...tokens.values()].reduce((sum, amount) => sum + amount, 0n)

function expectMoneyKept({ state, minted }: Run): void {
  expect(brokenMoneyRules(state)).toEqual([])
  expect(totalTokens(state) + heldInEscrow(state) + heldInRegistry(state)).toBe(minted)
}

const sequence = fc.array(fc.noBias(fc.nat({ max: 2 ** 32 - 1 })), { minLength: CALLS, maxLength: CALLS, size: 'max' })

function live(seeds: readonly number[], each: (run: Run, call: SettlementCall, result: string) => void) {
  const calls = createRandomCalls(hashing, accounts)
  const run = started()
  for (const seed of seeds) {
    run.now = calls.time(seed, run.state, run.now)
    const call = calls.next(seed, run.state)
    each(run, call, send(run, call))
  }
  return { run, calls }
}

describe('settlement', () => {
  it('keeps every unit of money, whatever calls come', { timeout: 60_000 }, () => {
    const seen = new Map<string, number>()
    let calls = 0
    fc.assert(
      fc.property(sequence, seeds => {
        live(seeds, (run, _, result) => {
          calls += 1
          seen.set(result, (seen.get(result) ?? 0) + 1)
          expectMoneyKept(run)
        })
      }),
      { numRuns: SEQUENCES, seed: 7, endOnFailure: true },
    )
    expect(calls).toBeGreaterThanOrEqual(10_000)
    // A rule that no sequence meets is not tested by it.
    const missed = SETTLEMENT_CODES.filter(code => !seen.has(code) && !UNREACHABLE.includes(code))
    expect(missed).toEqual([])
  })

  it('pays a withdrawal once, and never more than the leaf is worth', () => {
    fc.assert(
      fc.property(sequence, seeds => {
        live(seeds, (run, call, result) => {
          if (call.call !== 'withdraw' || result !== 'withdraw') return
          const again = applyCall(hashing, run.state, call, run.now)
          expect(again).toEqual({ ok: true, state: run.state, events: [] })
        })
      }),
      { numRuns: 20, seed: 8, endOnFailure: true },
    )
  })

  it('leaves no money without an owner: everything can be taken out of any state', () => {
    fc.assert(
      fc.property(sequence, seeds => {
        const { run, calls } = live(seeds, () => undefined)
        drain(run, calls)
        expectMoneyKept(run)
        expect(heldInRegistry(run.state)).toBe(0n)
        for (const [key, { status, owed, paid }] of run.state.jobs) {
          expect(status).toBe('closed')
          if (!calls.dishonest.has(key)) expect(paid).toBe(owed)
        }
      }),
      { numRuns: 40, seed: 9, endOnFailure: true },
    )
  })
})

/** Ends everything: settle, cancel, wait, close, withdraw, give leases back, unstake. */
function drain(run: Run, { trees }: RandomCalls): void {
  const submitterOf = (key: string) => run.state.jobs.get(key as never)!.submitter
  const jobs = [...run.state.jobs.keys()]
  for (const job of jobs) send(run, { call: 'cancel', from: submitterOf(job), args: { job } })
  run.now += parameters.cancelSeconds + parameters.challengeSeconds + 1
  for (const job of jobs) send(run, { call: 'settle', from: accounts[0]!, args: { job } })
  for (const job of jobs) send(run, { call: 'close', from: accounts[0]!, args: { job } })
  for (const job of jobs) {
    const { settled, lease } = run.state.jobs.get(job)!
    const tree = trees.get(settled.root)
    for (const leaf of tree?.leaves ?? []) {
      send(run, { call: 'withdraw', from: accounts[0]!, args: { ...leaf, proof: tree!.proofOf(leaf.account) } })
    }
    if (lease.holder) send(run, { call: 'releaseLease', from: lease.holder, args: { job, epoch: lease.epoch } })
  }
  for (const from of accounts) send(run, { call: 'unstake', from, args: { amount: run.state.nodes.get(from)!.stake } })
  run.now += parameters.unbondingSeconds
  for (const from of accounts) send(run, { call: 'withdrawStake', from, args: {} })
}

it('sees every kind of money that is lost, made up or paid twice', () => {
  const seeds = fc.sample(fc.noBias(fc.nat({ max: 2 ** 32 - 1 })), { numRuns: 400, seed: 3 })
  const { state } = live(seeds, () => undefined).run
  const [key, job] = [...state.jobs].find(([, { paid }]) => paid > 0n)!
  const [account, node] = [...state.nodes][0]!
  const withJob = (change: object) => ({ ...state, jobs: new Map(state.jobs).set(key, { ...job, ...change }) })
  const withNode = (change: object) => ({ ...state, nodes: new Map(state.nodes).set(account, { ...node, ...change }) })
  expect(brokenMoneyRules(state)).toEqual([])
  for (const wrong of [
    withJob({ owed: job.terms.budget + 1n }),
    withJob({ paid: job.owed + 1n }),
    withJob({ paid: job.paid - 1n }),
    withJob({ refunded: job.refunded + 1n }),
    withJob({ withdrawn: new Map() }),
    withNode({ stake: node.stake + 1n }),
    withNode({ locked: node.locked + 1n }),
    withNode({ locked: node.stake + 1n }),
    withNode({ unbonding: -1n }),
    { ...state, tokens: new Map([[account, -1n]]) },
    { ...state, flows: { ...state.flows, burned: 1n } },
  ]) {
    expect(brokenMoneyRules(wrong)).not.toEqual([])
  }
})

const count = fc.bigInt({ min: 0n, max: 1_000n })
const counts: fc.Arbitrary<Counts> = fc.record({ trained: count, evaluated: count, kept: count, coordinated: count })

it('never pays less for more work', () => {
  const prices = fc.record({ trainPrice: count, evaluatePrice: count, custodyPrice: count, roundPrice: count })
  fc.assert(
    fc.property(prices, counts, counts, (terms, some, more) => {
      const sum = Object.fromEntries(Object.entries(some).map(([kind, n]) => [kind, n + more[kind as keyof Counts]]))
      expect(atLeast(sum as never, some)).toBe(true)
      expect(priceOf(terms as Terms, sum as never)).toBeGreaterThanOrEqual(priceOf(terms as Terms, some))
    }),
  )
})

it('refuses parameters under which a pause or a quick exit could cost somebody money', () => {
  expect(areParametersGood(parameters)).toBe(true)
  const bad: Partial<NetworkParameters>[] = [
    { unbondingSeconds: 20 },
    { cancelSeconds: 30 },
    { pauseIntervalSeconds: 69 },
    { leaseSeconds: 0 },
    { unbondingSeconds: 36_501 * 86_400 },
  ]
  for (const change of bad) expect(areParametersGood({ ...parameters, ...change }), JSON.stringify(change)).toBe(false)
})
