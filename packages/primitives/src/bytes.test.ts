import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concat,
  decodeHex,
  decodeUtf8,
  encodeHex,
  encodeUtf8,
  equal,
  readU32le,
  readU64le,
  u32le,
  u64le,
} from './bytes.ts'
import { InputError } from './errors.ts'

describe('hex', () => {
  test('writes lower case and reads either case', () => {
    expect(encodeHex(Uint8Array.of(0, 0xab, 0xff))).toBe('00abff')
    expect(decodeHex('00ABff')).toEqual(Uint8Array.of(0, 0xab, 0xff))
  })

  test('round-trips any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), bytes => equal(decodeHex(encodeHex(bytes)), bytes)))
  })

  test.each(['a', 'zz', '0x00', '0 '])('refuses %j with a typed error', text => {
    expect(() => decodeHex(text)).toThrow(expect.objectContaining({ code: 'BadHex', found: JSON.stringify(text) }))
  })
})

describe('concat and equal', () => {
  test('joins parts in order into a new array', () => {
    expect(concat(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
    expect(concat()).toEqual(new Uint8Array())
  })

  test('tells arrays apart by length and by every byte', () => {
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
    expect(equal(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
  })
})

describe('utf8', () => {
  test('round-trips well-formed text, a leading byte order mark included', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => decodeUtf8(encodeUtf8(text)) === text))
    expect(decodeUtf8(encodeUtf8('\u{feff}a'))).toBe('\u{feff}a')
  })

  test('refuses malformed bytes instead of replacing them', () => {
    expect(() => decodeUtf8(Uint8Array.of(0xc3))).toThrow(InputError)
  })
})

describe('little-endian integers', () => {
  test('puts the lowest byte first', () => {
    expect(u32le(0x01020304)).toEqual(Uint8Array.of(4, 3, 2, 1))
    expect(u64le(0x0102030405060708n)).toEqual(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1))
  })

  test('reads back what it wrote, inside a larger buffer too', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), value => {
        const inside = concat(Uint8Array.of(9, 9, 9), u64le(value)).subarray(1)
        return readU64le(inside, 2) === value && readU32le(inside, 2) === Number(value % 2n ** 32n)
      }),
    )
  })

  test('refuses to read beyond the end', () => {
    expect(() => readU32le(new Uint8Array(8).subarray(0, 3))).toThrow(RangeError)
  })
})
