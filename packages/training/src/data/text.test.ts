import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText, findInvalidUtf8 } from './text.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes near every border of UTF-8, so that malformed sequences of all kinds come up. */
const trickyBytes = fc
  .array(
    fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
    ),
  )
  .map(bytes => Uint8Array.from(bytes))

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

test('keeps every character, line ends and the byte order mark too', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }), text => decodeText(utf8(text), 'a.txt') === text))
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x0d, 0x0a), 'a.txt')).toBe('\uFEFF\r\n')
})

test('finds the first byte that is not UTF-8: all before it decodes, nothing longer does', () => {
  fc.assert(
    fc.property(trickyBytes, bytes => {
      const at = findInvalidUtf8(bytes)
      expect(at < 0).toBe(isUtf8(bytes))
      if (at < 0) return
      expect(isUtf8(bytes.subarray(0, at))).toBe(true)
      for (let size = 1; size <= 4; size++)
        expect(isUtf8(bytes.subarray(at, Math.min(at + size, bytes.length)))).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('names the file and the offset', () => {
  expect(() => decodeText(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a), 'cafe.txt')).toThrow(
    expect.objectContaining({
      name: 'InputError',
      code: 'NotUtf8',
      path: 'cafe.txt',
      found: 'the bytes e9 0a at byte offset 3',
    }),
  )
})

test('refuses empty data', () => {
  expect(() => decodeText(new Uint8Array(), 'a.txt')).toThrow(
    expect.objectContaining({ code: 'EmptyData', path: 'a.txt' }),
  )
})
