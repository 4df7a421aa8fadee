/**
 * Tokenisers stored as a Hugging Face `tokenizer.json`, run by their own library: those that Cairn trains and those that
 * come with existing models. No special tokens are added to a text; those written out in it are recognised.
 */
import { encodeUtf8, InputError } from '@cairn/primitives'
import { Tokenizer } from '@huggingface/tokenizers'
import { tokenBytes } from './byte-alphabet.ts'
import { decodeLenient } from './bytes.ts'
import { checkIds, checkWellFormed, type Tokeniser, type TokeniserJson } from './tokeniser.ts'
import { addedTokens, cachedWordEncoder } from './word-cache.ts'

/** The part of the library that is used here; its own declarations do not resolve under NodeNext. */
interface Library {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] }
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string
  get_vocab(withAddedTokens: boolean): Map<string | undefined, number>
}

/** Loads a parsed `tokenizer.json`. Throws `InputError` (`BadTokeniser`) on what the library cannot read. */
export function huggingFaceTokeniser(json: TokeniserJson, path = 'tokenizer.json'): Tokeniser {
  const library = load(json, path)
  const tokens = tokensById(library)
  if (tokens.length === 0) throw badTokeniser(path, 'an empty vocabulary')
  const encodeWhole = (text: string): Int32Array => encode(library, text)
  const encodeWords = cachedWordEncoder(json, encodeWhole)
  const common = {
    kind: 'hugging-face',
    vocabularySize: tokens.length,
    encode(text: string) {
      checkWellFormed(text)
      return encodeWords(text)
    },
    toJson: () => json,
  } as const
  return Object.freeze({ ...common, ...(isByteLevel(json) ? byteDecoder(json, tokens) : textDecoder(library, tokens)) })
}

type Decoding = Pick<Tokeniser, 'decode' | 'decodeBytes'>

function byteDecoder(json: TokeniserJson, tokens: readonly string[]): Decoding {
  const added = new Set(addedTokens(json))
  const bytesOf = tokens.map(token => (added.has(token) ? null : tokenBytes(token)) ?? encodeUtf8(token))
  const decodeBytes = (ids: ArrayLike<number>): Uint8Array => {
    checkIds(ids, tokens.length)
    return joinBytes(Array.from(ids, id => bytesOf[id]!))
  }
  return { decodeBytes, decode: ids => decodeLenient(decodeBytes(ids)) }
}

function textDecoder(library: Library, tokens: readonly string[]): Decoding {
  return {
    decode(ids) {
      checkIds(ids, tokens.length)
      if (ids.length === 0) return ''
      return library.decode(Array.from(ids), { skip_special_tokens: false, clean_up_tokenization_spaces: false })
    },
  }
}

function encode(library: Library, text: string): Int32Array {
  const { ids } = library.encode(text, { add_special_tokens: false })
  const missing = ids.indexOf(undefined)
  if (missing < 0) return Int32Array.from(ids as number[])
  throw new InputError('UnknownCharacter', 'The tokeniser has no token for a part of the text, and no unknown token.', {
    path: `token ${missing} of the text`,
    expected: 'text that the tokeniser can write',
    found: JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text),
    fix: 'Use a byte-level tokeniser; `cairn tokenizer train` makes one.',
  })
}

function load(json: TokeniserJson, path: string): Library {
  try {
    // An absent list is legal in the format but not in the library.
    return new Tokenizer({ added_tokens: [], ...json }, {}) as unknown as Library
  } catch (cause) {
    throw badTokeniser(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** Ids without a token exist in some vocabularies; they decode to nothing. */
function tokensById(library: Library): string[] {
  const tokens: string[] = []
  for (const [token, id] of library.get_vocab(true)) tokens[id] = token ?? ''
  return Array.from(tokens, token => token ?? '')
}

const isByteLevel = (json: TokeniserJson): boolean => (json.decoder as { type?: string } | null)?.type === 'ByteLevel'

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function badTokeniser(path: string, found: string, cause?: unknown): InputError {
  return new InputError('BadTokeniser', 'This is not a tokenizer.json that can be used.', {
    path,
    expected: 'a Hugging Face tokenizer.json with model, normalizer, pre_tokenizer, post_processor and decoder',
    found,
    fix: 'Download the file again, or save it with `tokenizer.save("tokenizer.json")` of the tokenizers library.',
    cause,
  })
}
