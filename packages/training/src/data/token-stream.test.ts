import { hashToHex, sha256 } from '@cairn/primitives'
import { parseDecimal } from '@cairn/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesTokeniser } from '../tokenisers/bytes.ts'
import type { Tokeniser } from '../tokenisers/tokeniser.ts'
import { readTokenStream, splitTokens, tokenStream } from './token-stream.ts'

/** Stands in for tokenisers of any size: the text is a list of ids. */
const fakeTokeniser = (vocabularySize: number): Tokeniser => ({
  ...bytesTokeniser,
  vocabularySize,
  encode: text => Int32Array.from(text.split(' ').map(Number)),
})

test('stores small vocabularies in two bytes a token and large ones in four, little-endian', () => {
  expect([...tokenStream('1 65535', fakeTokeniser(65_536), sha256).blob]).toEqual([1, 0, 255, 255])
  expect([...tokenStream('1 65536', fakeTokeniser(65_537), sha256).blob]).toEqual([1, 0, 0, 0, 0, 0, 1, 0])
})

test('has no header: the hash is that of the tokens alone', () => {
  const stream = tokenStream('ab', bytesTokeniser, sha256)
  // sha256sum of the bytes 61 00 62 00
  expect(hashToHex(stream.hash)).toBe('8fb20ef63ced4145fc2e983ffe597d1dcff39154c3bf21f0fa9dde6a0c50fdc9')
})

test('reads back what it wrote, at any alignment', () => {
  const ids = fc.array(fc.nat(69_999), { minLength: 1 })
  fc.assert(
    fc.property(ids, fc.constantFrom(70_000, 2 ** 31), (tokens, size) => {
      const stream = tokenStream(tokens.join(' '), fakeTokeniser(size), sha256)
      const shifted = new Uint8Array(stream.blob.length + 1)
      shifted.set(stream.blob, 1)
      const again = readTokenStream(shifted.subarray(1), stream, sha256)
      expect([...again.tokens]).toEqual(tokens)
    }),
  )
})

test('refuses a blob with any bit flipped', () => {
  const stream = tokenStream('The way between', bytesTokeniser, sha256)
  for (let bit = 0; bit < stream.blob.length * 8; bit++) {
    const flipped = stream.blob.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => readTokenStream(flipped, stream, sha256, 'blob')).toThrow(
      expect.objectContaining({
        name: 'IntegrityError',
        code: 'WrongHash',
        path: 'blob',
        expected: hashToHex(stream.hash),
      }),
    )
  }
})

test.each([
  ['half a token', Uint8Array.of(1, 0, 2), 'WrongLength'],
  ['nothing', new Uint8Array(), 'WrongLength'],
  ['a token outside the vocabulary', Uint8Array.of(1, 0, 0, 1), 'UnknownToken'],
])('refuses %s, even under its own hash', (_, blob, code) => {
  const expected = { vocabularySize: 256, hash: sha256(blob) }
  expect(() => readTokenStream(blob, expected, sha256)).toThrow(
    expect.objectContaining({ name: 'IntegrityError', code }),
  )
})

test('refuses a text without tokens', () => {
  expect(() => tokenStream('', bytesTokeniser, sha256, 'a.txt')).toThrow(
    expect.objectContaining({ code: 'EmptyData', path: 'a.txt' }),
  )
})

test('keeps the last part for validation, rounded down', () => {
  const { train, validation } = splitTokens(Uint16Array.of(0, 1, 2, 3, 4, 5, 6), parseDecimal(0.3))
  expect([[...train], [...validation]]).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6],
  ])
  expect(splitTokens(train, parseDecimal(0)).validation).toHaveLength(0)
})

test('splits exactly where a product of doubles would round down', () => {
  expect(splitTokens(new Uint16Array(100), parseDecimal(0.29)).validation).toHaveLength(29)
})
