import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulHigh32, philox4x32, uniformBelow } from './philox.ts'

const word = fc.integer({ min: 0, max: 0xffffffff })

describe('philox4x32', () => {
  const ones = 0xffffffff
  // Known-answer tests of Random123 (tests/kat_vectors, philox4x32 with 10 rounds).
  test('gives the published words for zeros', () => {
    expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  })

  test('gives the published words for all ones', () => {
    const words = [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
    expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual(words)
  })

  test('gives the published words for the digits of pi', () => {
    const counter = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const
    const words = [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
    expect(philox4x32(counter, [0xa4093822, 0x299f31d0])).toEqual(words)
  })

  test('reads signed and unsigned spellings of a word alike', () => {
    expect(philox4x32([-1, -1, -1, -1], [-1, -1])).toEqual(philox4x32([ones, ones, ones, ones], [ones, ones]))
  })
})

describe('mulHigh32', () => {
  test('is the exact upper half of the product', () => {
    fc.assert(fc.property(word, word, (a, b) => mulHigh32(a, b) === Number((BigInt(a) * BigInt(b)) >> 32n)))
    expect(mulHigh32(0xffffffff, 0xffffffff)).toBe(0xfffffffe)
    expect(mulHigh32(0xffff0000, 0xffffffff)).toBe(0xfffeffff)
  })
})

describe('uniformBelow', () => {
  test('stays below its bound', () => {
    const bound = fc.integer({ min: 1, max: 0xffffffff })
    fc.assert(fc.property(word, bound, (w, n) => uniformBelow(w, n) >= 0 && uniformBelow(w, n) < n))
  })

  test('reaches both ends and splits the words evenly', () => {
    expect([0, 0x3fffffff, 0x40000000, 0xffffffff].map(w => uniformBelow(w, 4))).toEqual([0, 0, 1, 3])
  })
})
