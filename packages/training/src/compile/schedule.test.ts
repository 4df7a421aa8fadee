import { expect, test } from 'vitest'
import { learningRateAt, type OptimiserSettings, scheduleRows } from './schedule.ts'

const settings: OptimiserSettings = {
  learningRate: 0.01,
  minLearningRate: 0.001,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0.1,
  warmupSteps: 4,
  bits: { beta1: 0, beta2: 0, epsilon: 0, clipNorm: 0 },
}

test('warms up in a line and falls along a cosine to the minimum', () => {
  const rates = Array.from({ length: 21 }, (_, step) => learningRateAt(settings, step, 20))
  expect(rates.slice(0, 5).map(r => Number(r.toFixed(6)))).toEqual([0.0025, 0.005, 0.0075, 0.01, 0.01])
  expect(rates[12]).toBeCloseTo((0.01 + 0.001) / 2, 12)
  expect(rates[20]).toBeCloseTo(0.001, 12)
  expect(rates.slice(4).every((r, i, all) => i === 0 || r < (all[i - 1] as number))).toBe(true)
})

test('bias corrections restart with the moments, the rate does not', () => {
  const rows = scheduleRows(settings, 20, 5, true) as [number, number, number, number][]
  expect(rows[0]?.[2]).toBeCloseTo(10, 9)
  expect(rows[5]?.[2]).toBe(rows[0]?.[2])
  expect(rows[5]?.[0]).not.toBe(rows[0]?.[0])
  expect(rows[6]?.[3]).toBeCloseTo(1 / (1 - 0.95 ** 2), 12)
})

test('only decaying parameters are pulled towards zero', () => {
  const [decaying, kept] = [scheduleRows(settings, 20, 20, true), scheduleRows(settings, 20, 20, false)]
  expect(decaying[3]?.[1]).toBeCloseTo(1 - 0.01 * 0.1, 12)
  expect(kept[3]?.[1]).toBe(1)
})
