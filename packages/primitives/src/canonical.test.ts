import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHex, encodeHex, equal } from './bytes.ts'
import { decodeCanonical, encodeCanonical } from './canonical.ts'

const text = fc.string({ unit: 'grapheme' }).filter(s => !s.startsWith('\u{feff}'))
const integer = fc.oneof(
  fc.maxSafeInteger().map(n => n + 0),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
)
const { value: document } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.constant(null), fc.boolean(), integer, text, fc.uint8Array()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}))

describe('encodeCanonical', () => {
  // Examples of RFC 8949 appendix A.
  test.each([
    [null, 'f6'],
    [true, 'f5'],
    [1000, '1903e8'],
    [-1000, '3903e7'],
    [18446744073709551615n, '1bffffffffffffffff'],
    [-18446744073709551616n, '3bffffffffffffffff'],
    ['ü', '62c3bc'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    [[], '80'],
    [{ b: [2, 3], a: 1 }, 'a26161016162820203'],
  ])('writes %o as the standard does', (value, hex) => {
    expect(encodeHex(encodeCanonical(value))).toBe(hex)
    expect(decodeCanonical(decodeHex(hex))).toEqual(value)
  })

  test('sorts keys by their encoded bytes, whatever order they were set in', () => {
    const keys = ['b', 'aa', 'é', 'a', '', 'z'.repeat(24)]
    const sorted = ['', 'a', 'b', 'aa', 'é', 'z'.repeat(24)]
    const encode = (order: string[]) => encodeCanonical(Object.fromEntries(order.map(key => [key, 0])))
    expect(encode(keys)).toEqual(encode(keys.toReversed()))
    expect(Object.keys(decodeCanonical(encode(keys)) as object)).toEqual(sorted)
  })

  test('writes equal integers alike, whatever their type', () => {
    expect(encodeCanonical(5n)).toEqual(encodeCanonical(5))
    expect(encodeCanonical(-0)).toEqual(encodeCanonical(0))
  })

  test.each<[string, unknown]>([
    ['', 1.5],
    ['', 2 ** 53],
    ['', Number.NaN],
    ['', Number.POSITIVE_INFINITY],
    ['', undefined],
    ['', 2n ** 64n],
    ['', -(2n ** 64n) - 1n],
    ['', new Map([['a', 1]])],
    ['', new Date(0)],
    ['', new Float32Array(1)],
    ['', Symbol('a')],
    ['', () => 0],
    ['', '\ud800'],
    ['', '\u{feff}a'],
    ['a.b[1]', { a: { b: [0, 0.5] } }],
    ['a', { a: undefined }],
    ['\ud800', { '\ud800': 1 }],
    ['[0]', new Array(1)],
  ])('refuses at %j the value %o', (path, value) => {
    expect(() => encodeCanonical(value)).toThrow(expect.objectContaining({ code: 'NotCanonicalValue', path }))
  })

  test('refuses symbols as keys', () => {
    expect(() => encodeCanonical({ [Symbol('a')]: 1 })).toThrow(expect.objectContaining({ code: 'NotCanonicalValue' }))
  })

  test('refuses a value that contains itself', () => {
    const loop: unknown[] = []
    loop.push(loop)
    expect(() => encodeCanonical(loop)).toThrow(expect.objectContaining({ found: 'more than 64 levels' }))
  })
})

describe('decodeCanonical', () => {
  test('returns what was encoded, prototype-named keys included', () => {
    fc.assert(
      fc.property(document, value => {
        expect(decodeCanonical(encodeCanonical(value))).toEqual(value)
      }),
    )
  })

  test('accepts of random bytes only those it would write itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), bytes => {
        try {
          return equal(encodeCanonical(decodeCanonical(bytes)), bytes)
        } catch (error) {
          expect(error).toMatchObject({ name: 'IntegrityError', code: 'NotCanonicalBytes' })
          return true
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['nothing', ''],
    ['a float', 'f93e00'],
    ['an integer written as a float', 'fa3f800000'],
    ['NaN', 'f97e00'],
    ['infinity', 'f97c00'],
    ['undefined', 'f7'],
    ['a tag', 'c000'],
    ['a tagged bigint', 'c249010000000000000000'],
    ['an integer with a long header', '1801'],
    ['a small integer in 64 bits', '1b0000000000000001'],
    ['a string with a long header', '780161'],
    ['an array with a long header', '980101'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite string', '7f6161ff'],
    ['an integer key', 'a10102'],
    ['duplicate keys', 'a2616101616102'],
    ['unsorted keys', 'a2616201616101'],
    ['malformed text', '61ff'],
    ['text with a surrogate', '63eda080'],
    ['text with a byte order mark', '63efbbbf'],
    ['trailing bytes', '0000'],
    ['a truncated array', '8201'],
    ['a huge array of nothing', '9affffffff'],
    ['a huge string of nothing', '7b001fffffffffffff'],
    ['65 levels of arrays', `${'81'.repeat(65)}00`],
    ['a million levels of arrays', '81'.repeat(1e6)],
  ])('refuses %s', (_name, hex) => {
    expect(() => decodeCanonical(decodeHex(hex))).toThrow(
      expect.objectContaining({ name: 'IntegrityError', code: 'NotCanonicalBytes' }),
    )
  })
})
