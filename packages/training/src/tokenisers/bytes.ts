/** The tokeniser without a vocabulary file: ids are the bytes of the text in UTF-8. */

import { encodeUtf8 } from '@cairn/primitives'
import { TOKENISER_FORMAT } from './format.ts'
import { checkIds, checkWellFormed, type Tokeniser } from './tokeniser.ts'

const VOCABULARY_SIZE = 256

/** The byte tokeniser: 256 ids, any text. */
export const bytesTokeniser: Tokeniser = Object.freeze({
  kind: 'bytes',
  vocabularySize: VOCABULARY_SIZE,
  encode(text: string) {
    checkWellFormed(text)
    return Int32Array.from(encodeUtf8(text))
  },
  decode: (ids: ArrayLike<number>) => decodeLenient(toBytes(ids)),
  decodeBytes: toBytes,
  toJson: () => ({ format: TOKENISER_FORMAT, kind: 'bytes' }),
})

/** Decodes UTF-8, each malformed part as U+FFFD: a model may well sample half a character. */
export const decodeLenient = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

function toBytes(ids: ArrayLike<number>): Uint8Array {
  checkIds(ids, VOCABULARY_SIZE)
  return Uint8Array.from(ids)
}
