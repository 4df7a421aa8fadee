import fc from 'fast-check'
import { expect, test } from 'vitest'
import { charactersOf, charactersTokeniser } from './characters.ts'
import { tokeniserFromJson } from './from-json.ts'

const someText = fc.string({ unit: 'binary', minLength: 1 })

test('numbers the characters of a text by code point, not by UTF-16 unit', () => {
  const tokeniser = charactersOf('ba\u{1F600}\uFF5Eab')
  expect(tokeniser.vocabularySize).toBe(4)
  expect([...tokeniser.encode('ab\uFF5E\u{1F600}')]).toEqual([0, 1, 2, 3])
})

test('decodes what it encodes, also after a trip through JSON', () => {
  fc.assert(
    fc.property(someText, text => {
      const tokeniser = charactersOf(text)
      const ids = tokeniser.encode(text)
      expect(tokeniser.decode(ids)).toBe(text)
      const again = tokeniserFromJson(JSON.parse(JSON.stringify(tokeniser.toJson())))
      expect(again.encode(text)).toEqual(ids)
    }),
  )
})

test('names an unknown character and where it stands', () => {
  expect(() => charactersOf('ab\n').encode('ab\nb\u{1F600}')).toThrow(
    expect.objectContaining({
      code: 'UnknownCharacter',
      path: 'character 4 (line 2, column 2)',
      expected: "one of the 3 characters of the tokeniser's vocabulary",
      found: '"\u{1F600}" (U+1F600)',
    }),
  )
})

test('refuses a vocabulary that is empty, out of order or repeats itself', () => {
  expect(() => charactersOf('')).toThrow(expect.objectContaining({ code: 'EmptyVocabulary' }))
  for (const characters of ['ba', 'aa']) {
    expect(() => charactersTokeniser(characters)).toThrow(
      expect.objectContaining({ code: 'BadTokeniser', path: 'characters[1]' }),
    )
  }
})

test('refuses an id that is no character', () => {
  expect(() => charactersOf('ab').decode([2])).toThrow(expect.objectContaining({ code: 'UnknownToken' }))
})
