import { sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Account,
  type Anchor,
  answeringIn,
  applyCall,
  areParametersGood,
  atLeast,
  brokenMoneyRules,
  type Counts,
  createRandomCalls,
  heldInEscrow,
  heldInRegistry,
  heldInSlashing,
  type NetworkParameters,
  newSettlement,
  priceOf,
  type RandomCalls,
  SETTLEMENT_CODES,
  type Settlement,
  type SettlementCall,
  type Terms,
  toyHashing,
  toySign,
  unitBondFor,
} from './settlement.ts'

const SEQUENCES = 100
const CALLS = 150
/** What the rules for terms make impossible; the contracts check it all the same. */
const UNREACHABLE = ['OwedExceedsBudget']

const hashing = toyHashing(sha256)
const accounts = ['1', '2', '3', '4', '5'].map(digit => `0x${digit.repeat(40)}` as Account)
const parameters: NetworkParameters = {
  minimumStake: 100n,
  leaseBond: 30n,
  earningsBond: 20n,
  challengeBond: 10n,
  challengerReward: 7n,
  colludingShare: 200_000,
  beaconBlocks: 1,
  unbondingSeconds: 50,
  challengeSeconds: 20,
  maximumDelaySeconds: 12,
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
    send(run, { call: 'mint', from, args: { to: from, amount: 9_000n } })
    const keys = { peerKey: sha as never, signature: [sha, sha] as never }
    send(run, { call: 'register', from, args: { ...keys, owner: from, verifies: false } })
    send(run, { call: 'stake', from, args: { amount: 2_500n } })
  }
  return run
}
const sha = 'ab'.repeat(32)

const totalTokens = ({ tokens }: Settlement): bigint => [...tokens.values()].reduce((sum, amount) => sum + amount, 0n)

function expectMoneyKept({ state, minted }: Run): void {
  expect(brokenMoneyRules(state)).toEqual([])
  const held = heldInEscrow(state) + heldInRegistry(state) + heldInSlashing(state)
  expect(totalTokens(state) + held + state.flows.burned).toBe(minted)
}

/** What became of the bonds of attestations that are not locked any more. */
function attestationBonds({ jobs, voids, bonds }: Settlement): string[] {
  const bondsIn = (head: string, { works, audits }: Anchor) =>
    audits.map((_, i) => bonds.get(`${head} ${works.length + i}`))
  const standing = [...jobs.values()].flatMap(({ links, finalRounds, unitBond }) =>
    links
      .slice(0, finalRounds)
      .flatMap(({ head, anchor }) =>
        bondsIn(head, anchor).map(bond => (bond ? `${bond} where it stands` : unitBond > 0n ? 'final' : 'none')),
      ),
  )
  const gone = [...voids].flatMap(([head, { anchor }]) =>
    bondsIn(head, anchor).map(bond => (bond === 'slashed' ? 'slashed where it is void' : (bond ?? 'none'))),
  )
  return [...standing, ...gone].filter(fate => fate !== 'none')
}

const sequence = fc.array(fc.noBias(fc.nat({ max: 2 ** 32 - 1 })), { minLength: CALLS, maxLength: CALLS, size: 'max' })

function live(seeds: readonly number[], each: (run: Run, call: SettlementCall, result: string) => void) {
  const calls = createRandomCalls(hashing, toySign(sha256), accounts)
  const run = started()
  for (const seed of seeds) {
    run.now = calls.time(seed, run.state, run.now)
    const call = calls.next(seed, run.state, run.now)
    each(run, call, send(run, call))
  }
  return { run, calls }
}

describe('settlement', () => {
  it('keeps every unit of money, whatever calls come', { timeout: 60_000 }, () => {
    const seen = new Map<string, number>()
    const fates = new Set<string>()
    let calls = 0
    fc.assert(
      fc.property(sequence, seeds => {
        const { run: end } = live(seeds, (run, _, result) => {
          calls += 1
          seen.set(result, (seen.get(result) ?? 0) + 1)
          expectMoneyKept(run)
        })
        for (const fate of attestationBonds(end.state)) fates.add(fate)
      }),
      { numRuns: SEQUENCES, seed: 11, endOnFailure: true },
    )
    expect(calls).toBeGreaterThanOrEqual(10_000)
    // A rule that no sequence meets is not tested by it.
    const missed = SETTLEMENT_CODES.filter(code => !seen.has(code) && !UNREACHABLE.includes(code))
    expect(missed).toEqual([])
    expect([...fates].sort()).toEqual(['final', 'freed', 'slashed where it is void', 'slashed where it stands'])
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
        expect(heldInRegistry(run.state) + heldInSlashing(run.state)).toBe(0n)
        for (const [key, { status, owed, paid }] of run.state.jobs) {
          expect(status).toBe('closed')
          if (!calls.dishonest.has(key)) expect(paid).toBe(owed)
        }
      }),
      { numRuns: 40, seed: 9, endOnFailure: true },
    )
  })
})

/** Ends every game by the clock, makes every link final, frees what is void, and shares out every pot. */
function endDisputes(run: Run): void {
  const from = accounts[0]!
  // A second longer than both clocks of a game, one after the other.
  run.now += 2 * parameters.maximumDelaySeconds + 2
  for (const game of run.state.games.keys()) {
    send(run, { call: 'timeout', from, args: { game } })
    send(run, { call: 'dissolve', from, args: { game } })
  }
  run.now += parameters.challengeSeconds + 2 * parameters.maximumDelaySeconds
  for (const { links } of run.state.jobs.values()) {
    for (const { anchor } of links) send(run, { call: 'finalise', from, args: { anchor } })
  }
  for (const { anchor } of run.state.voids.values()) {
    for (const position of answeringIn(anchor).keys()) send(run, { call: 'release', from, args: { anchor, position } })
  }
  for (const wrong of run.state.cases.keys()) {
    for (const account of accounts) send(run, { call: 'compensate', from, args: { wrong, account } })
  }
}

/** Ends everything: games, settle, cancel, wait, close, withdraw, give leases back, unstake. */
function drain(run: Run, { trees }: RandomCalls): void {
  endDisputes(run)
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

/** A state in which there is something of everything: payments, pots, games and bonds of void work. */
function richState(): Settlement {
  for (let seed = 1; seed < 200; seed++) {
    const seeds = fc.sample(fc.noBias(fc.nat({ max: 2 ** 32 - 1 })), { numRuns: 150, seed })
    const { state } = live(seeds, () => undefined).run
    const isPaid = [...state.jobs.values()].some(({ paid }) => paid > 0n)
    const hasPot = [...state.cases.values()].some(({ pot }) => pot > 0n)
    const isPlaying = state.games.some(({ turn }) => turn === 'defender' || turn === 'challenger')
    if (isPaid && hasPot && isPlaying && [...state.bonds.values()].includes('freed')) return state
  }
  throw new Error('no such state')
}

it('sees every kind of money that is lost, made up or paid twice', () => {
  const state = richState()
  const [key, job] = [...state.jobs].find(([, { paid }]) => paid > 0n)!
  const [account, node] = [...state.nodes][0]!
  const [wrong, pot] = [...state.cases].find(([, found]) => found.pot > 0n)!
  const withJob = (change: object) => ({ ...state, jobs: new Map(state.jobs).set(key, { ...job, ...change }) })
  const withNode = (change: object) => ({ ...state, nodes: new Map(state.nodes).set(account, { ...node, ...change }) })
  const withCase = (change: object) => ({ ...state, cases: new Map(state.cases).set(wrong, { ...pot, ...change }) })
  expect(brokenMoneyRules(state)).toEqual([])
  for (const [what, broken] of Object.entries({
    owed: withJob({ owed: job.terms.budget + 1n }),
    unowed: withJob({ paid: job.owed + 1n }),
    paid: withJob({ paid: job.paid - 1n }),
    refunded: withJob({ refunded: job.refunded + 1n }),
    withdrawn: withJob({ withdrawn: new Map() }),
    stake: withNode({ stake: node.stake + 1n }),
    locked: withNode({ locked: node.locked + 1n }),
    overlocked: withNode({ locked: node.stake + 1n }),
    unbonding: withNode({ unbonding: -1n }),
    tokens: { ...state, tokens: new Map([[account, -1n]]) },
    burned: { ...state, flows: { ...state.flows, burned: state.flows.burned + 1n } },
    awarded: { ...state, flows: { ...state.flows, awarded: state.flows.awarded - 1n } },
    pot: withCase({ pot: pot.pot + 1n }),
    weight: withCase({ weight: pot.weight + 1n }),
    games: { ...state, games: [] },
    bonds: { ...state, bonds: new Map() },
  })) {
    expect(brokenMoneyRules(broken), what).not.toEqual([])
  }
})

const count = fc.bigInt({ min: 0n, max: 1_000n })
const counts: fc.Arbitrary<Counts> = fc.record({
  trained: count,
  evaluated: count,
  kept: count,
  coordinated: count,
  audited: count,
})

it('never pays less for more work', () => {
  const prices = fc.record({
    trainPrice: count,
    evaluatePrice: count,
    custodyPrice: count,
    roundPrice: count,
    auditPrice: count,
  })
  fc.assert(
    fc.property(prices, counts, counts, (terms, some, more) => {
      const sum = Object.fromEntries(Object.entries(some).map(([kind, n]) => [kind, n + more[kind as keyof Counts]]))
      expect(atLeast(sum as never, some)).toBe(true)
      expect(priceOf(terms as Terms, sum as never)).toBeGreaterThanOrEqual(priceOf(terms as Terms, some))
    }),
  )
})

it('asks for the smallest bond that makes cheating a loss', () => {
  const rate = fc.integer({ min: 1, max: 1_000_000 })
  const price = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })
  const verifying = fc.record({ auditRate: rate, verifiers: fc.integer({ min: 1, max: 5 }) })
  fc.assert(
    fc.property(price, price, verifying, fc.integer({ min: 0, max: 999_999 }), (train, evaluate, part, colluding) => {
      const { auditRate, verifiers } = part
      const terms = { trainPrice: train, evaluatePrice: evaluate, policy: 1, ...part } as Terms
      const gain = train > evaluate ? train : evaluate
      const deters = (bond: bigint) =>
        BigInt(auditRate) * BigInt(1_000_000 - colluding) ** BigInt(verifiers) * (bond - bond / 2n) >=
        2n * gain * 1_000_000n ** BigInt(verifiers + 1)
      const bond = unitBondFor(terms, colluding)
      expect(deters(bond ?? 2n ** 128n - 1n)).toBe(bond !== undefined)
      if (bond !== undefined) expect(bond === 0n ? gain === 0n : !deters(bond - 1n)).toBe(true)
    }),
    { numRuns: 500, seed: 5 },
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
    { maximumDelaySeconds: 15 },
    { colludingShare: 1_000_000 },
    { challengeBond: 13n },
    { minimumStake: 79n },
    { beaconBlocks: 0 },
    { beaconBlocks: 201 },
  ]
  for (const change of bad)
    expect(areParametersGood({ ...parameters, ...change }), Object.keys(change).join()).toBe(false)
})
