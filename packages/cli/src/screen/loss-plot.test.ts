import { describe, expect, test } from 'vitest'
import { lossPlot, smoothed } from './loss-plot.ts'
import { axis, scale } from './plot-axis.ts'

describe('an axis', () => {
  test('goes from round number to round number', () => {
    for (const [low, high] of [
      [0, 400],
      [1.93, 5.6],
      [0.0012, 0.0033],
      [3, 3],
      [0, 1],
    ] as const) {
      const { from, to, step } = axis(low, high)
      const { ticks } = scale({ from, to, step }, 0, 100)
      expect(from).toBeLessThanOrEqual(low)
      expect(to).toBeGreaterThanOrEqual(high)
      expect(ticks.length).toBeLessThanOrEqual(9)
      expect(ticks.at(-1)).toBeCloseTo(to)
    }
  })

  test('labels its ticks with as many digits as they need', () => {
    const { ticks, label } = scale(axis(0, 0.35), 0, 100)
    expect(ticks.map(label).slice(0, 3)).toEqual(['0.00', '0.05', '0.10'])
    expect(scale(axis(0, 400), 0, 100).label(100)).toBe('100')
  })
})

test('smoothing keeps a constant and follows a change', () => {
  const flat = Array.from({ length: 200 }, (_, step) => ({ step, loss: 2 }))
  expect(smoothed(flat).every(({ loss }) => Math.abs(loss - 2) < 1e-12)).toBe(true)
  const falling = smoothed([...flat, ...flat.map(({ step }) => ({ step: step + 200, loss: 1 }))])
  expect(falling.at(-1)?.loss).toBeCloseTo(1, 3)
})

describe('a plot', () => {
  const plot = { title: 'a <b> & "c"', steps: 10, unit: 'nats per byte', validation: [{ step: 10, loss: 2.5 }] }

  test('stays inside its picture and escapes its title', () => {
    const svg = lossPlot({ ...plot, training: Array.from({ length: 10 }, (_, step) => ({ step, loss: 5 - step / 4 })) })
    expect(svg).toContain('a &#60;b&#62; &#38; &#34;c&#34;')
    const places = [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)]
    expect(places.length).toBeGreaterThan(20)
    for (const [, x, y] of places) {
      expect(Number(x)).toBeGreaterThanOrEqual(0)
      expect(Number(x)).toBeLessThanOrEqual(860)
      expect(Number(y)).toBeGreaterThanOrEqual(0)
      expect(Number(y)).toBeLessThanOrEqual(480)
    }
  })

  test('of nothing, or of very many points, is still a plot', () => {
    expect(lossPlot({ ...plot, training: [], validation: [] })).not.toMatch(/NaN|Infinity/)
    const many = Array.from({ length: 100_000 }, (_, step) => ({ step, loss: 3 }))
    expect(lossPlot({ ...plot, steps: 100_000, training: many }).length).toBeLessThan(100_000)
  })
})
