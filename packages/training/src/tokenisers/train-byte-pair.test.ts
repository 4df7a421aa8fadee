import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WORD_PATTERN } from './byte-alphabet.ts'
import { tokeniserFromJson } from './from-json.ts'
import { learnMerges } from './learn-merges.ts'
import { createStreamDecoder } from './stream-decoder.ts'
import { checkVocabulary } from './tokeniser.ts'
import { trainBytePair } from './train-byte-pair.ts'

const CORPUS = `It's the economy, we're told: 1,234 of the 5,678 economists' theories don't hold.
  Indented  lines, naïve cafés, "quotes" -- dashes -- and the rest of the theories; the economy isn't the theory.\n`.repeat(
  3,
)
const SIZE = 300
const tokeniser = trainBytePair(CORPUS, SIZE)
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...CORPUS, '  ', "'s", 'the ', '\u00a0', '数', '\u{1F600}') }),
)

/** Encodes by the definition: each merge in the order of learning, over every word, left to right. */
function encodeSlowly(text: string): number[] {
  const { merges } = learnMerges(CORPUS, SIZE, () => {})
  return [...text.matchAll(WORD_PATTERN)].flatMap(([word]) => {
    let ids = [...new TextEncoder().encode(word)]
    merges.forEach(([left, right], m) => {
      ids = joinPair(ids, left, right, 256 + m)
    })
    return ids
  })
}

function joinPair(ids: number[], left: number, right: number, joined: number): number[] {
  const at = ids.findIndex((id, i) => id === left && ids[i + 1] === right)
  return at < 0 ? ids : [...ids.slice(0, at), joined, ...joinPair(ids.slice(at + 2), left, right, joined)]
}

test('gives through the Hugging Face library the ids of the definition', () => {
  expect([...tokeniser.encode(CORPUS)]).toEqual(encodeSlowly(CORPUS))
  fc.assert(fc.property(anyText, text => void expect([...tokeniser.encode(text)]).toEqual(encodeSlowly(text))))
})

test('decodes what it encodes, at once and streamed', () => {
  fc.assert(
    fc.property(anyText, text => {
      const ids = tokeniser.encode(text)
      const decoder = createStreamDecoder(tokeniser)
      expect(tokeniser.decode(ids)).toBe(text)
      expect(Array.from(ids, decoder.push).join('') + decoder.end()).toBe(text)
    }),
  )
})

test('is the same after a trip through tokenizer.json', () => {
  const text = JSON.stringify(tokeniser.toJson())
  const again = tokeniserFromJson(JSON.parse(text))
  expect(again.vocabularySize).toBe(SIZE)
  expect(again.encode(CORPUS)).toEqual(tokeniser.encode(CORPUS))
  expect(JSON.stringify(again.toJson())).toBe(text)
})

test('trains the same tokeniser twice, and reports progress up to the end', () => {
  const seen: number[] = []
  const again = trainBytePair(CORPUS, SIZE, { onProgress: ({ merges, total }) => seen.push(merges / total) })
  expect(again.toJson()).toEqual(tokeniser.toJson())
  expect([seen.length, seen.at(-1)]).toEqual([SIZE - 256, 1])
})

test('is the byte tokeniser when no merges are asked for, even on empty text', () => {
  expect([...trainBytePair('', 256).encode('né')]).toEqual([0x6e, 0xc3, 0xa9])
})

test.each([255, 2 ** 20 + 1, 300.5, Number.NaN])('refuses a vocabulary of %d', size => {
  expect(() => trainBytePair(CORPUS, size)).toThrow(
    expect.objectContaining({ code: 'BadVocabularySize', path: 'vocabularySize', found: `${size}` }),
  )
})

test('says how large a vocabulary the text allows', () => {
  expect(() => trainBytePair('ab ab', 300)).toThrow(
    expect.objectContaining({ code: 'TooFewPairs', expected: expect.stringContaining('at most 257'), found: '300' }),
  )
  expect(trainBytePair('ab ab', 257).vocabularySize).toBe(257)
})

test('refuses a model with another vocabulary', () => {
  expect(() => checkVocabulary(tokeniser, SIZE)).not.toThrow()
  expect(() => checkVocabulary(tokeniser, 299, 'model.vocabularySize')).toThrow(
    expect.objectContaining({ code: 'VocabularyMismatch', path: 'model.vocabularySize', found: '299' }),
  )
})
