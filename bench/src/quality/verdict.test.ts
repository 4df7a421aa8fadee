import { expect, test } from 'vitest'
import type { Way } from './plan.ts'
import type { Result } from './results.ts'
import { formatVerdicts, rowsOf, verdictsOf } from './verdict.ts'

const result = (way: Way, seed: number, validationLoss: number): Result => ({
  model: 'characters',
  way,
  seed,
  steps: 1000,
  validationLoss,
  seconds: 60,
})

/** Losses of fp32 at 2 nats, and those of a width that lie `percents` above, a seed each. */
const runs = (way: Way, percents: readonly number[]): Result[] =>
  percents.flatMap((percent, i) => [result('fp32', i + 1, 2), result(way, i + 1, 2 * (1 + percent / 100))])

const verdictOf = (way: Way, percents: readonly number[]) => verdictsOf(runs(way, percents))[0]!

test('differences are taken in pairs of one seed', () => {
  const results = [result('fp32', 1, 2), result('fp32', 2, 4), result('mx8', 1, 2.02), result('mx8', 2, 4.04)]
  const [verdict] = verdictsOf(results)
  expect(verdict!.mean).toBeCloseTo(1, 9)
  expect(verdict!.spread).toBeCloseTo(0, 9)
})

test('mean, spread and the upper end are those of Student', () => {
  const { mean, spread, upper } = verdictOf('mx12', [0.1, 0.2, 0.3])
  expect(mean).toBeCloseTo(0.2, 9)
  expect(spread).toBeCloseTo(0.1, 9)
  expect(upper).toBeCloseTo(0.2 + (4.303 * 0.1) / Math.sqrt(3), 9)
})

test('each width has its own bar', () => {
  expect(verdictOf('mx12', [0.69, 0.7, 0.71]).conclusion).toBe('missed')
  expect(verdictOf('mx8', [0.69, 0.7, 0.71]).conclusion).toBe('within')
})

test('a mean within the bar whose interval reaches past it says so', () => {
  expect(verdictOf('mx8', [0.2, 0.9, 1.6]).conclusion).toBe('within by the mean only')
})

test('fewer than three seeds give no verdict', () => {
  expect(verdictOf('mx8', [0.1, 0.1]).conclusion).toBe('too few seeds')
  expect(formatVerdicts([verdictOf('mx8', [0.1])])).toContain('| 1 | +0.100 % | - | - | 1 % | too few seeds |')
})

test('seeds of which a run is missing are left out', () => {
  expect(verdictsOf([...runs('mx8', [0.1, 0.2]), result('fp32', 3, 2)])[0]!.seeds).toBe(2)
  expect(verdictsOf([result('fp32', 1, 2)])).toEqual([])
})

test('rows hold every pair of losses and the differences beside their bars', () => {
  const rows = rowsOf(runs('mx8', [0.5, 0.5, 0.5]))
  expect(rows.map(row => [row.case, row.metric, row.peer])).toEqual([
    ['characters seed 1', 'mx8 validation loss', 'fp32'],
    ['characters seed 2', 'mx8 validation loss', 'fp32'],
    ['characters seed 3', 'mx8 validation loss', 'fp32'],
    ['characters', 'mx8 paired difference, mean', 'bar'],
    ['characters', 'mx8 paired difference, spread', 'mean'],
  ])
})
