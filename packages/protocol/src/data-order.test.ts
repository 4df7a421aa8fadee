import { philox4x32 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluationOffsets, type WindowDraw, windowOffsets } from './data-order.ts'

const draw: WindowDraw = { seed: 7, replica: 3, step: 11, batch: 4, positions: 1000 }

describe('windowOffsets', () => {
  it('takes one documented word a window', () => {
    const expected = [0, 1, 2, 3].map(index => {
      const [word] = philox4x32([index, 3, 11, 0], [7, 0x64617461])
      return Number((BigInt(word) * 1000n) >> 32n)
    })
    expect(windowOffsets(draw)).toEqual(expected)
  })

  it('keeps the order of cairn/v1', () => {
    expect(windowOffsets(draw)).toEqual([441, 962, 594, 325])
  })

  it('stays inside the data', () => {
    const positions = fc.integer({ min: 1, max: 2 ** 32 - 1 })
    const word = fc.integer({ min: 0, max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(positions, word, word, (positions, seed, step) => {
        const offsets = windowOffsets({ ...draw, seed, step, positions })
        expect(offsets.every(offset => Number.isInteger(offset) && offset >= 0 && offset < positions)).toBe(true)
      }),
    )
  })

  it('does not depend on how many windows are drawn', () => {
    expect(windowOffsets({ ...draw, batch: 2 })).toEqual(windowOffsets(draw).slice(0, 2))
  })

  it('differs between seeds, replicas and steps', () => {
    const large = { ...draw, positions: 2 ** 32 - 1 }
    const variants = [large, { ...large, seed: 8 }, { ...large, replica: 11, step: 3 }, { ...large, step: 12 }]
    expect(new Set(variants.map(variant => windowOffsets(variant).join())).size).toBe(variants.length)
  })

  it('reaches every part of the data alike', () => {
    const counts = new Array<number>(10).fill(0)
    for (const offset of windowOffsets({ ...draw, batch: 10_000, positions: 10 })) counts[offset]!++
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1150)
  })
})

describe('evaluationOffsets', () => {
  it('reads every position once when there are as many windows', () => {
    expect(evaluationOffsets({ windows: 5, positions: 5 })).toEqual([0, 1, 2, 3, 4])
  })

  it('spreads windows evenly', () => {
    expect(evaluationOffsets({ windows: 4, positions: 10 })).toEqual([0, 2, 5, 7])
    expect(evaluationOffsets({ windows: 3, positions: 2 ** 32 - 1 })).toEqual([0, 1431655765, 2863311530])
  })
})
