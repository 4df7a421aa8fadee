/**
 * What a tokeniser is: text to token ids and back, and a JSON form that rebuilds it. Nodes never run one: a job's tokens
 * are a blob by hash (`numerics.md` N7), so a tokeniser is used when a job is compiled and when text is sampled.
 */
import { InputError } from '@cairn/primitives'

type TokeniserKind = 'bytes' | 'characters' | 'hugging-face'

/** A value that survives `JSON.parse(JSON.stringify(value))`. */
export type TokeniserJson = Readonly<Record<string, unknown>>

export interface Tokeniser {
  readonly kind: TokeniserKind
  /** Ids are 0 <= id < vocabularySize. */
  readonly vocabularySize: number
  /** Turns text into ids. Throws `InputError` on text that the vocabulary cannot write. */
  encode(text: string): Int32Array
  /** Turns ids into text; bytes that are not UTF-8 become U+FFFD. Throws `InputError` on an id out of range. */
  decode(ids: ArrayLike<number>): string
  /** Turns ids into the exact bytes they stand for, where the tokeniser has such a thing. */
  decodeBytes?(ids: ArrayLike<number>): Uint8Array
  /** Gives the document that `tokeniserFromJson` reads. */
  toJson(): TokeniserJson
}

/** Throws `InputError` (`VocabularyMismatch`) unless a model has exactly one row for every token. */
export function checkVocabulary(tokeniser: Tokeniser, modelVocabularySize: number, path = 'model.vocabulary'): void {
  if (tokeniser.vocabularySize === modelVocabularySize) return
  throw new InputError('VocabularyMismatch', 'The model and the tokeniser have different vocabularies.', {
    path,
    expected: `${tokeniser.vocabularySize}, the vocabulary of the ${tokeniser.kind} tokeniser`,
    found: `${modelVocabularySize}`,
    fix: `Set ${path} to ${tokeniser.vocabularySize}, or use the tokeniser that the model was made with.`,
  })
}

/** Throws `InputError` (`UnknownToken`) unless every id is a token of the vocabulary. */
export function checkIds(ids: ArrayLike<number>, vocabularySize: number): void {
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) throw unknownToken(id, at, vocabularySize)
  }
}

/** Throws `InputError` (`LoneSurrogate`) on a string that UTF-8 cannot write, which encoders would silently change. */
export function checkWellFormed(text: string): void {
  if (text.isWellFormed()) return
  throw new InputError('LoneSurrogate', 'This text holds half of a UTF-16 surrogate pair.', {
    expected: 'well-formed Unicode text',
    found: `a lone surrogate at index ${text.search(/\p{Surrogate}/u)}`,
    fix: 'Remove that character, or write the text as UTF-8.',
  })
}

function unknownToken(id: number, at: number, vocabularySize: number): InputError {
  return new InputError('UnknownToken', 'A token id lies outside the vocabulary.', {
    path: `ids[${at}]`,
    expected: `an integer from 0 to ${vocabularySize - 1}`,
    found: `${id}`,
    fix: 'Use the tokeniser that these ids were made with.',
  })
}
