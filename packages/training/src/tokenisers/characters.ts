/** The tokeniser whose vocabulary is the characters (Unicode code points) of one text, in ascending order. */
import { InputError } from '@cairn/primitives'
import { TOKENISER_FORMAT } from './format.ts'
import { checkIds, checkWellFormed, type Tokeniser } from './tokeniser.ts'

/** Makes a tokeniser from every character that occurs in `text`. Throws `InputError` (`EmptyVocabulary`) on empty text. */
export function charactersOf(text: string): Tokeniser {
  checkWellFormed(text)
  return charactersTokeniser([...new Set(text)].sort(byCodePoint).join(''))
}

/**
 * Makes a tokeniser from its vocabulary: id i is the i-th character of `characters`.
 * Throws `InputError` (`BadTokeniser`) unless these ascend by code point, (`EmptyVocabulary`) if there are none.
 */
export function charactersTokeniser(characters: string, path = 'characters'): Tokeniser {
  checkWellFormed(characters)
  const vocabulary = Array.from(characters)
  checkAscending(vocabulary, path)
  const idOf = new Map(vocabulary.map((character, id) => [character, id]))
  return Object.freeze({
    kind: 'characters',
    vocabularySize: vocabulary.length,
    encode: (text: string) => encode(text, idOf),
    decode(ids: ArrayLike<number>) {
      checkIds(ids, vocabulary.length)
      return Array.from(ids, id => vocabulary[id]!).join('')
    },
    toJson: () => ({ format: TOKENISER_FORMAT, kind: 'characters', characters }),
  })
}

function encode(text: string, idOf: ReadonlyMap<string, number>): Int32Array {
  const ids = new Int32Array(text.length)
  let length = 0
  for (const character of text) {
    const id = idOf.get(character)
    if (id === undefined) throw unknownCharacter(text, character, length, idOf.size)
    ids[length++] = id
  }
  return ids.slice(0, length)
}

function unknownCharacter(text: string, character: string, at: number, vocabularySize: number): InputError {
  const before = Array.from(text).slice(0, at).join('')
  const line = before.split('\n').length
  const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length + 1
  return new InputError('UnknownCharacter', 'The text holds a character that the tokeniser has never seen.', {
    path: `character ${at} (line ${line}, column ${column})`,
    expected: `one of the ${vocabularySize} characters of the tokeniser's vocabulary`,
    found: `${JSON.stringify(character)} (${codePointName(character)})`,
    fix: 'Remove the character, make the tokeniser from a text that has it, or use the bytes tokeniser.',
  })
}

function checkAscending(vocabulary: readonly string[], path: string): void {
  if (vocabulary.length === 0) {
    throw new InputError('EmptyVocabulary', 'A character tokeniser needs at least one character.', {
      path,
      expected: 'a text that is not empty',
      found: 'no characters',
      fix: 'Give it the training text.',
    })
  }
  const wrong = vocabulary.findIndex((character, id) => id > 0 && byCodePoint(vocabulary[id - 1]!, character) >= 0)
  if (wrong < 0) return
  throw new InputError('BadTokeniser', 'The characters of a tokeniser must ascend and differ.', {
    path: `${path}[${wrong}]`,
    expected: `a character after ${codePointName(vocabulary[wrong - 1]!)}`,
    found: codePointName(vocabulary[wrong]!),
    fix: 'Restore the tokeniser file as it was written; ids depend on this order.',
  })
}

const byCodePoint = (a: string, b: string): number => a.codePointAt(0)! - b.codePointAt(0)!

const codePointName = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
