import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitBondFor } from '../settlement/terms.ts'
import { MARKET, termsOf } from '../testing/audit-network.ts'
import { burnedOf, deterrenceOf } from './deterrence.ts'

const terms = fc.record({
  ...{ trainPrice: fc.bigInt(1n, 2n ** 80n), evaluatePrice: fc.bigInt(0n, 2n ** 80n) },
  ...{ auditRate: fc.integer({ min: 1, max: 1_000_000 }), verifiers: fc.integer({ min: 1, max: 5 }) },
})

describe('deterrenceOf', () => {
  it('holds at the bond that the escrow enforces, and at no smaller one', () => {
    fc.assert(
      fc.property(terms, fc.integer({ min: 0, max: 900_000 }), (drawn, share) => {
        const bond = unitBondFor({ ...termsOf(MARKET), ...drawn }, share)
        fc.pre(bond !== undefined)
        expect(deterrenceOf(drawn, bond, share).holds).toBe(true)
        expect(deterrenceOf(drawn, bond - 1n, share).holds).toBe(false)
      }),
    )
  })

  it('gives the example of the specification', () => {
    const bond = unitBondFor(termsOf(MARKET), MARKET.colludingShare)
    expect(bond).toBe(62_499_999n)
    expect(burnedOf(62_499_999n)).toBe(31_250_000n)
    expect(deterrenceOf(termsOf(MARKET), 62_499_999n, MARKET.colludingShare)).toEqual({
      holds: true,
      expectedBurn: 2_000_000n * 10n ** 18n,
      needed: 2_000_000n * 10n ** 18n,
    })
  })
})
