import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countWindows, readWindows } from './windows.ts'

test('targets are the inputs, one token on', () => {
  const { inputs, targets } = readWindows(Uint16Array.of(10, 11, 12, 13, 14), 3, [1, 0])
  expect([...inputs]).toEqual([11, 12, 13, 10, 11, 12])
  expect([...targets]).toEqual([12, 13, 14, 11, 12, 13])
})

test('every offset that is counted can be read, and no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (context, more) => {
      const tokens = Uint16Array.from({ length: context + more }, (_, i) => i)
      const windows = countWindows(tokens.length, context, 'data')
      expect(readWindows(tokens, context, [windows - 1]).targets.at(-1)).toBe(tokens.at(-1))
      for (const offset of [windows, -1, 0.5]) {
        expect(() => readWindows(tokens, context, [offset])).toThrow(expect.objectContaining({ code: 'BadOffset' }))
      }
    }),
  )
})

test('refuses data that is no longer than the context', () => {
  expect(countWindows(129, 128, 'data.train')).toBe(1)
  expect(() => countWindows(128, 128, 'data.train')).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'DataTooShort', path: 'data.train', found: '128 tokens' }),
  )
})
