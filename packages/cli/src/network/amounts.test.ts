import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAmount, formatGasMoney, parseAmount } from './amounts.ts'

const TOKEN = { symbol: 'TEST', decimals: 6 }

test('amounts are read exactly, whatever their size', () => {
  expect(parseAmount('12.5', TOKEN, 'AMOUNT')).toBe(12_500_000n)
  expect(parseAmount('0', TOKEN, 'AMOUNT')).toBe(0n)
  expect(parseAmount('9007199254740993.000001', TOKEN, 'AMOUNT')).toBe(9007199254740993000001n)
  expect(parseAmount('7', { symbol: 'X', decimals: 0 }, 'AMOUNT')).toBe(7n)
})

test.each(['', '-1', '1.', '.5', '1,000', '1e3', '0x10', 'ten', '1.1234567', '1 2', '9'.repeat(80)])(
  '%j is no amount',
  text => {
    const problem = { code: 'BadAmount', path: 'AMOUNT', found: text.slice(0, 80) }
    expect(() => parseAmount(text, TOKEN, 'AMOUNT')).toThrow(expect.objectContaining(problem))
  },
)

test('amounts are written without what they do not have', () => {
  expect(formatAmount(1_234_567_500_000n, TOKEN)).toBe('1,234,567.5 TEST')
  expect(formatAmount(1n, TOKEN)).toBe('0.000001 TEST')
  expect(formatAmount(0n, TOKEN)).toBe('0 TEST')
  expect(formatGasMoney(10n ** 18n)).toBe('1 ETH')
  expect(formatGasMoney(5n)).toBe('< 0.000001 ETH')
})

test('what is written reads as the same amount', () => {
  const decimals = fc.integer({ min: 0, max: 18 })
  const property = fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), decimals, (amount, places) => {
    const unit = { symbol: 'X', decimals: places }
    const text = formatAmount(amount, unit).replaceAll(',', '').replace(' X', '')
    expect(parseAmount(text, unit, '')).toBe(amount)
  })
  fc.assert(property, { numRuns: 500 })
})
