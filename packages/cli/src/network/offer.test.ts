import type { NodeSummary } from '@cairn/node'
import type { Submission } from '@cairn/training'
import { describe, expect, test } from 'vitest'
import { makeOffer, type OfferOptions } from './offer.ts'

const SETTING = {
  token: { symbol: 'TEST', decimals: 6 },
  parameters: { colludingShare: 200_000, minimumStake: 1000n },
}
const MEMORY = 1000

/** A job of 2 x 3 units of 10^12 operations each, so that prices can be read off. */
const submission = {
  documentId: 'd'.repeat(64),
  document: {
    spec: {
      schedule: { rounds: 3, replicas: 2, innerSteps: 8, checkpoints: 5 },
      evaluation: { everyRounds: 1 },
      verification: { policy: 'none' },
    },
    cost: {
      operationsPerUnit: '1000000000000',
      operationsPerEvaluation: '0',
      memoryBytes: MEMORY,
      updateBytes: 1,
      replicaStateBytes: 1,
      globalStateBytes: 1,
    },
  },
} as unknown as Submission

const worker = (price: bigint, change: Partial<NodeSummary> = {}): NodeSummary => ({
  peer: `peer of ${price}`,
  account: '0x00',
  owner: `owner of ${price}`,
  role: 'worker',
  price: String(price),
  memoryBytes: MEMORY,
  operationsPerSecond: 1,
  measured: true,
  seenMsAgo: 0,
  isLive: true,
  isWorking: false,
  leaving: false,
  addresses: [],
  doing: '',
  ...change,
})

const offer = (nodes: readonly NodeSummary[], options: OfferOptions = {}) =>
  makeOffer(submission, nodes, options, SETTING)

describe('the price of a job is', () => {
  const nodes = [worker(40n), worker(10n), worker(20n)]

  test('what half of the workers ask at most', () => {
    const { price, able, terms } = offer(nodes)
    expect(price).toBe(20n)
    expect(able.map(({ price: asked }) => asked)).toEqual(['10', '20'])
    expect(terms.trainPrice).toBe(20n)
  })

  test('with a ceiling the highest that somebody below it asks', () => {
    expect(offer(nodes, { maxPrice: '0.000039' }).price).toBe(20n)
    expect(offer(nodes, { maxPrice: '1' }).price).toBe(40n)
  })

  test('the ceiling, or the usual one, where nobody asks', () => {
    expect(offer([]).price).toBe(10_000n)
    expect(offer([], { maxPrice: '0.5' }).price).toBe(500_000n)
  })

  test('not made by coordinators, workers that are not live or too small', () => {
    const others = [
      worker(1n, { role: 'coordinator' }),
      worker(2n, { isLive: false }),
      worker(3n, { memoryBytes: MEMORY - 1 }),
    ]
    expect(offer([...others, worker(9n)]).price).toBe(9n)
  })
})

describe('a job that nobody could begin says why:', () => {
  test.each([
    ['nobody is there', [], {}, 'no worker is there'],
    ['nobody has the memory', [worker(1n, { memoryBytes: 999 })], {}, /needs 1000 bytes.*more than 999/],
    ['everybody asks more', [worker(30n)], { maxPrice: '0.00002' }, /asks more than 20 /],
    ['too few owners are there', [worker(1n), worker(1n)], { custodians: 1 }, /^1 custodians.*and 0 are there/],
    ['too few can hold the rest', [worker(1n), worker(2n)], { custodians: 2 }, /^2 custodians.*and 1 are there/],
  ] as const)('%s', (_, nodes, options, reason) => {
    expect(offer(nodes, options).obstacle).toMatch(reason)
  })

  test('and one that somebody could has no obstacle', () => {
    expect(offer([worker(1n), worker(9n, { memoryBytes: 1 })]).obstacle).toBeUndefined()
    // A custodian needs neither the memory nor the price of a worker.
    expect(offer([worker(1n), worker(9n, { memoryBytes: 1 })], { custodians: 1 }).able).toHaveLength(1)
  })
})

test('custodians are as many as the owners that are there can bear, or what was asked for', () => {
  const owners = (count: number) => Array.from({ length: count }, (_, i) => worker(BigInt(i)))
  expect([0, 1, 2, 3, 4, 9].map(count => offer(owners(count)).terms.custodians)).toEqual([0, 0, 1, 1, 2, 2])
  expect(offer(owners(2), { custodians: 2 }).terms.custodians).toBe(2)
  const sameOwner = [worker(1n, { owner: 'one' }), worker(2n, { owner: 'one' })]
  expect(offer(sameOwner).terms.custodians).toBe(0)
})

test('a budget below the quote is refused, and one above locks no more than the quote', () => {
  const { terms } = offer([worker(1n)])
  expect(() => offer([worker(1n)], { budget: '0.000001' })).toThrow(
    expect.objectContaining({ code: 'BudgetTooLow', path: '--budget', found: '0.000001 TEST' }),
  )
  expect(offer([worker(1n)], { budget: '1000' }).terms.budget).toBe(terms.budget)
})

test('a job whose rounds do not fit into a message is refused', () => {
  const { document } = submission
  const schedule = { ...document.spec.schedule, replicas: 1000, checkpoints: 1000 }
  const large = { ...submission, document: { ...document, spec: { ...document.spec, schedule } } }
  expect(() => makeOffer(large, [worker(1n)], {}, SETTING)).toThrow(expect.objectContaining({ code: 'RoundTooLarge' }))
})

describe('of an audited job it says', () => {
  const { document } = submission
  const hash = '0'.repeat(64)
  const roots = { programRoot: hash, dataRoot: hash, initialRoot: hash, freshReplicaRoot: hash }
  const counts = { programLeaves: 1, seed: 1, innerSteps: 8, checkpoints: 5, evaluationBatches: 1 }
  const audited = (nodes: readonly NodeSummary[], change: object = {}) => {
    const verification = { policy: 'audit', rate: '0.1', verifiers: 2, unsettledRounds: 2, ...change }
    const provable = { ...roots, ...counts, isReplicaKept: true }
    const checked = { ...submission, provable, document: { ...document, spec: { ...document.spec, verification } } }
    return makeOffer(checked as unknown as Submission, nodes, {}, SETTING)
  }

  test('what audits cost at the least rate and at the most', () => {
    // Two of eight steps, and a state too small to cost more than the least amount; 3 x (2 + 1) works, twice each.
    const { terms, audits } = audited([worker(40n)])
    expect(terms).toMatchObject({ policy: 1, auditPrice: 11n, verifiers: 2, maximumUnsettled: 2 })
    expect(audits).toMatchObject({ most: 18n * 11n, expected: 20n })
    expect(offer([worker(40n)]).audits).toBeUndefined()
  })

  test('what it costs that several nodes do every unit, an auditor beside them at the least rate', () => {
    // A whole unit and a state; 3 x 2 units by one more node, a tenth of them audited, and 3 evaluations.
    const { terms, audits } = audited([worker(40n)], { policy: 'redundancy' })
    expect(terms).toMatchObject({ policy: 2, trainPrice: 40n, auditPrice: 41n, verifiers: 2 })
    expect(audits).toMatchObject({
      most: 18n * 41n,
      expected: (6n * 11n * 41n + 3n * 410n + 9n) / 10n,
      unitBond: 2499n,
    })
    const three = audited([worker(40n)], { policy: 'redundancy', verifiers: 3 }).audits
    expect(three).toMatchObject({ most: 27n * 41n, expected: (6n * 21n * 41n + 3n * 410n + 9n) / 10n })
  })

  test('the bond of a unit, and the stake that a worker never waits with', () => {
    // The least S with 0.1 * 0.8^2 * S / 2 >= 2 * 40. Three works a round, two rounds.
    const one = audited([worker(40n)])
    expect(one.audits).toMatchObject({ unitBond: 2499n, workerStake: 6n * 2499n, unitsOnMinimumStake: 0n })
    expect(audited([worker(40n), worker(39n)]).audits).toMatchObject({ workerStake: 4n * 2499n })
    const sure = audited([worker(1n)], { rate: '1', verifiers: 1 })
    expect(sure.audits).toMatchObject({ unitBond: 5n, workerStake: 1000n, unitsOnMinimumStake: 200n })
  })

  test('how many owners have verifiers there', () => {
    const verifier = worker(5n, { role: 'verifier' })
    const nodes = [worker(1n), verifier, verifier, worker(6n, { role: 'verifier' }), { ...verifier, isLive: false }]
    expect(audited(nodes)).toMatchObject({ verifiers: 2, able: [{ price: '1' }] })
  })

  test('that no contract could hold its bond', () => {
    const tooDear = () => audited([worker(2n ** 110n)], { rate: '0.000001' })
    expect(tooDear).toThrow(expect.objectContaining({ code: 'BondTooLarge', path: 'verification.rate' }))
  })
})
