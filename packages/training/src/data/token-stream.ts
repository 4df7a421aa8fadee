/**
 * A text as nodes see it: token ids in one canonical blob, known by its hash (`numerics.md` N7). The blob has no header:
 * ids of 2 bytes where the vocabulary has at most 65,536 tokens, else of 4, little-endian. The vocabulary's size stands
 * in the job's program.
 */
import { equal, type Hash, type HashFunction, hashToHex, IntegrityError } from '@cairn/primitives'
import { type Decimal, floorOfProduct } from '@cairn/protocol'
import type { Tokeniser } from '../tokenisers/tokeniser.ts'
import { emptyData } from './text.ts'

type TokenDtype = 'u16' | 'u32'
export type Tokens = Uint16Array | Uint32Array

export interface TokenStream {
  readonly dtype: TokenDtype
  readonly vocabularySize: number
  readonly tokens: Tokens
  /** The canonical bytes: 2 or 4 for each token. */
  readonly blob: Uint8Array
  readonly hash: Hash
}

/** Tells how the tokens of a vocabulary are stored. */
export const tokenDtype = (vocabularySize: number): TokenDtype => (vocabularySize <= 2 ** 16 ? 'u16' : 'u32')

/** Encodes a text as a token stream. Throws `InputError` (`EmptyData`, and what the tokeniser throws). */
export function tokenStream(text: string, tokeniser: Tokeniser, hash: HashFunction, path = 'data'): TokenStream {
  const ids = tokeniser.encode(text)
  if (ids.length === 0) throw emptyData(path, 'a text without tokens')
  const { vocabularySize } = tokeniser
  const tokens = tokenDtype(vocabularySize) === 'u16' ? Uint16Array.from(ids) : Uint32Array.from(ids)
  const blob = toLittleEndian(tokens)
  return { dtype: tokenDtype(vocabularySize), vocabularySize, tokens, blob, hash: hash(blob) }
}

/**
 * Reads a token stream from its blob.
 * Throws `IntegrityError` (`WrongHash`, `WrongLength`, `UnknownToken`) on a blob that is not the one with that hash.
 */
export function readTokenStream(
  blob: Uint8Array,
  expected: Pick<TokenStream, 'vocabularySize' | 'hash'>,
  hash: HashFunction,
  path = 'data',
): TokenStream {
  const { vocabularySize } = expected
  const dtype = tokenDtype(vocabularySize)
  checkBlobHash(blob, expected.hash, hash, path)
  const tokens = fromLittleEndian(blob, dtype, path)
  const wrong = tokens.findIndex(token => token >= vocabularySize)
  if (wrong >= 0) {
    throw damaged('UnknownToken', path, `tokens below ${vocabularySize}`, `${tokens[wrong]} at token ${wrong}`)
  }
  return { dtype, vocabularySize, tokens, blob, hash: expected.hash }
}

/** Throws `IntegrityError` (`WrongHash`) unless a blob has the hash it is known by. */
export function checkBlobHash(blob: Uint8Array, expected: Hash, hash: HashFunction, path: string): void {
  const found = hash(blob)
  if (!equal(found, expected)) throw damaged('WrongHash', path, hashToHex(expected), hashToHex(found))
}

/** Makes the error for a data blob that is not what it is said to be. */
export const damaged = (code: string, path: string, expected: string, found: string): IntegrityError =>
  new IntegrityError(code, 'This data blob is not the one that the job names.', {
    path,
    expected,
    found,
    fix: 'Fetch the blob again; if the data was changed, submit a new job.',
  })

/** Counts the tokens of the training part. */
export const trainingTokens = (count: number, validationFraction: Decimal): number =>
  count - Number(floorOfProduct(BigInt(count), validationFraction))

/**
 * Cuts tokens into a training part and a validation part: the last floor(length x fraction) tokens, computed exactly,
 * are for validation.
 */
export function splitTokens<T extends Tokens>(tokens: T, fraction: Decimal): { train: T; validation: T } {
  const cut = trainingTokens(tokens.length, fraction)
  return { train: tokens.subarray(0, cut) as T, validation: tokens.subarray(cut) as T }
}

function toLittleEndian(tokens: Tokens): Uint8Array {
  const size = tokens.BYTES_PER_ELEMENT
  const blob = new Uint8Array(tokens.length * size)
  for (let i = 0; i < tokens.length; i++) {
    for (let byte = 0; byte < size; byte++) blob[i * size + byte] = tokens[i]! >>> (8 * byte)
  }
  return blob
}

function fromLittleEndian(blob: Uint8Array, dtype: TokenDtype, path: string): Tokens {
  const size = dtype === 'u16' ? 2 : 4
  if (blob.length === 0 || blob.length % size !== 0) {
    throw damaged('WrongLength', path, `tokens of ${size} bytes each`, `${blob.length} bytes`)
  }
  const tokens = dtype === 'u16' ? new Uint16Array(blob.length / size) : new Uint32Array(blob.length / size)
  // PERF: a plain loop; `from` with a callback takes a second for ten million tokens.
  for (let i = 0; i < tokens.length; i++) {
    const at = i * size
    const low = blob[at]! | (blob[at + 1]! << 8)
    tokens[i] = size === 2 ? low : low | (blob[at + 2]! << 16) | (blob[at + 3]! << 24)
  }
  return tokens
}
