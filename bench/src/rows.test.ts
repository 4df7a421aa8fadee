import { expect, test } from 'vitest'
import { formatTable, lessIsBetter, median, type Row } from './rows.ts'

const row = (value: number | null): Row =>
  lessIsBetter({ suite: 'engine', case: 'S', metric: 'step time', unit: 'ms', value, peer: 'tfjs', peerValue: 300 })

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([9, 1, 5, 6])).toBe(5.5)
  expect(median([7])).toBe(7)
})

test('a ratio above one says that Cairn takes less', () => {
  expect(row(100).ratio).toBe(3)
  expect(row(600).ratio).toBe(0.5)
})

test('losses print with the digits in which they differ', () => {
  const loss = { ...row(100), unit: 'nats', value: 2.3569, peerValue: 2.3562 }
  expect(formatTable([loss]).split('\n')[1]).toMatch(/2\.3569 +tfjs +2\.3562/)
})

test('a figure that was not measured has no ratio and prints as a dash', () => {
  expect(row(null).ratio).toBeNull()
  expect(formatTable([row(null)]).split('\n')[1]).toMatch(/^S +step time +ms +- +tfjs +300 +-$/)
})
