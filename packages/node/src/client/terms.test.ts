import { type JobOnChain, provableHash } from '@cairn/contracts'
import { areTermsSensible, type JobSpec, mostCounts, NO_HASH, priceOf, type Terms } from '@cairn/protocol'
import { describe, expect, test } from 'vitest'
import { wrongTerms } from '../runtime/job-facts.ts'
import { tinySubmission } from '../runtime/testing/test-worker.ts'
import { DEFAULT_RATES, termsOf } from './terms.ts'

const RATES = { ...DEFAULT_RATES, perTeraOperation: 1_000_000n }
const submission = tinySubmission()
const { spec, cost } = submission.document

const withPolicy = (verification: JobSpec['verification']) => ({
  ...submission,
  document: { ...submission.document, spec: { ...spec, verification } },
})
const AUDIT = { policy: 'audit', rate: '0.25', verifiers: 2, unsettledRounds: 4 } as JobSpec['verification']
const [audited, trusted] = [withPolicy(AUDIT), withPolicy({ policy: 'none' })]

describe('terms of an audited job', () => {
  const terms = termsOf(audited, RATES, 1)

  test('say how it is audited, and name what contracts have to know of it', () => {
    expect(terms).toMatchObject({ policy: 1, auditRate: 250_000, verifiers: 2, maximumUnsettled: 4 })
    expect(terms.provable).toBe(provableHash(submission.provable))
    expect(areTermsSensible(terms)).toBe(true)
  })

  test('pay for the longest segment and the states it begins from, and hold enough for all audits', () => {
    // Two of six steps; every price is rounded up.
    const work = (BigInt(cost.operationsPerUnit) + 2_999_999n) / 3_000_000n
    const bytes = BigInt(cost.globalStateBytes + cost.replicaStateBytes)
    const transfer = (bytes * 20_000n + 2n ** 30n - 1n) / 2n ** 30n
    expect(terms.auditPrice).toBe(work + transfer)
    expect(terms.budget).toBe(priceOf(terms, mostCounts(terms, terms.rounds)))
    expect(terms.budget - termsOf(trusted, RATES, 1).budget).toBe(9n * 3n * 2n * terms.auditPrice)
  })
})

test('terms of a job whose units several nodes do pay a whole unit for every attestation', () => {
  const redundant = withPolicy({ ...AUDIT, policy: 'redundancy' } as JobSpec['verification'])
  const terms = termsOf(redundant, RATES, 1)
  expect(terms).toMatchObject({ policy: 2, auditRate: 250_000, verifiers: 2 })
  const bytes = BigInt(cost.globalStateBytes + cost.replicaStateBytes)
  expect(terms.auditPrice).toBe(terms.trainPrice + (bytes * 20_000n + 2n ** 30n - 1n) / 2n ** 30n)
  expect(terms.budget - termsOf(trusted, RATES, 1).budget).toBe(9n * 3n * 2n * terms.auditPrice)
  expect(areTermsSensible(terms)).toBe(true)
  expect(wrongTerms({ terms } as JobOnChain, redundant.document)).toBeUndefined()
})

test('terms of a job of policy none lock nothing and pay no audits', () => {
  const terms = termsOf(trusted, RATES, 1)
  const nothing = { policy: 0, provable: NO_HASH, auditRate: 0, verifiers: 0, auditPrice: 0n, maximumUnsettled: 64 }
  expect(terms).toMatchObject(nothing)
  expect(areTermsSensible(terms)).toBe(true)
})

describe('a node', () => {
  const found = ({ document }: typeof audited, terms: Terms) => wrongTerms({ terms } as JobOnChain, document)

  test('works for terms that are those of the document', () => {
    for (const job of [audited, trusted]) expect(found(job, termsOf(job, RATES, 1))).toBeUndefined()
    expect(found(trusted, { ...termsOf(trusted, RATES, 1), maximumUnsettled: 1 })).toBeUndefined()
  })

  test.each([
    ['policy', 0, 'the policy none instead of audit'],
    ['policy', 2, 'the policy redundancy instead of audit'],
    ['auditRate', 1, '1 in a million units audited instead of 250000'],
    ['verifiers', 1, '1 verifiers instead of 2'],
    ['maximumUnsettled', 64, '64 unsettled rounds instead of 4'],
    ['rounds', 8, '8 rounds instead of 9'],
    ['replicas', 3, '3 replicas instead of 2'],
    ['evaluateEvery', 0, '0 rounds to an evaluation instead of 1'],
  ] as const)('refuses another %s (%d)', (key, value, words) => {
    expect(found(audited, { ...termsOf(audited, RATES, 1), [key]: value })).toBe(words)
  })

  test('refuses audits of which the document knows nothing', () => {
    expect(found(trusted, termsOf(audited, RATES, 1))).toBe('the policy audit instead of none')
    expect(found(trusted, { ...termsOf(trusted, RATES, 1), verifiers: 1 })).toBe('1 verifiers instead of 0')
  })
})
