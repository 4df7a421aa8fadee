import { InputError } from '@cairn/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesTokeniser } from './bytes.ts'
import { createStreamDecoder } from './stream-decoder.ts'

const anyText = fc.string({ unit: 'binary' })
const anyBytes = fc.array(fc.nat(255))

test('writes text as its UTF-8 bytes and back', () => {
  expect([...bytesTokeniser.encode('né')]).toEqual([0x6e, 0xc3, 0xa9])
  fc.assert(fc.property(anyText, text => bytesTokeniser.decode(bytesTokeniser.encode(text)) === text))
})

test('keeps a byte order mark', () => {
  expect(bytesTokeniser.decode([0xef, 0xbb, 0xbf, 0x61])).toBe('\uFEFFa')
})

test('gives any bytes back unchanged, and as text with U+FFFD for what is not UTF-8', () => {
  fc.assert(fc.property(anyBytes, ids => void expect([...bytesTokeniser.decodeBytes!(ids)]).toEqual(ids)))
  expect(bytesTokeniser.decode([0x61, 0xc3])).toBe('a\uFFFD')
})

test('holds back an unfinished character while streaming', () => {
  const decoder = createStreamDecoder(bytesTokeniser)
  expect([0xe2, 0x82, 0xac, 0x61].map(decoder.push)).toEqual(['', '', '€', 'a'])
  expect([decoder.push(0xf0), decoder.end()]).toEqual(['', '\uFFFD'])
})

test('streams to the same text as decoding at once, whatever the bytes', () => {
  fc.assert(
    fc.property(anyBytes, ids => {
      const decoder = createStreamDecoder(bytesTokeniser)
      expect(ids.map(decoder.push).join('') + decoder.end()).toBe(bytesTokeniser.decode(ids))
    }),
  )
})

test.each([256, -1, 0.5, Number.NaN])('refuses the id %d', id => {
  expect(() => bytesTokeniser.decode([1, id])).toThrow(
    expect.objectContaining({
      code: 'UnknownToken',
      path: 'ids[1]',
      expected: 'an integer from 0 to 255',
      found: `${id}`,
    }),
  )
})

test('refuses half a surrogate pair instead of changing it', () => {
  expect(() => bytesTokeniser.encode('ab\uD800')).toThrow(InputError)
  expect(() => bytesTokeniser.encode('ab\uD800')).toThrow(
    expect.objectContaining({ code: 'LoneSurrogate', found: 'a lone surrogate at index 2' }),
  )
})
