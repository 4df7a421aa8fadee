/**
 * Deterministic CBOR (RFC 8949 section 4.2.1) for every document of the protocol, without floats: one value, one
 * encoding, one hash. Integers outside the safe range of a number are bigints, within 64 bits.
 * Not here: schemas. Decoding proves the form of the bytes, not that the document makes sense.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { equal } from './bytes.ts'
import { InputError, IntegrityError } from './errors.ts'

/** What a decoded document is made of. Integers are bigints only where a number could not hold them. */
export type CanonicalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }

const MAX_DEPTH = 64
const MAX_INTEGER = 2n ** 64n - 1n
const MIN_INTEGER = -(2n ** 64n)

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
} as const

/**
 * Encodes plain objects, arrays, strings, integers, booleans, null and `Uint8Array` (which includes `Hash`).
 * `5n` and `5`, `-0` and `0` are the same integer. Throws `InputError` (`NotCanonicalValue`) with the path of anything
 * else: a float, `undefined`, a `Map`, a class instance, ill-formed text, more than 64 levels.
 */
export function encodeCanonical(value: unknown): Uint8Array {
  assertValue(value, '', 0)
  return encode(value, rfc8949EncodeOptions)
}

/** Decodes what `encodeCanonical` wrote. Throws `IntegrityError` (`NotCanonicalBytes`) on every other byte string. */
export function decodeCanonical(bytes: Uint8Array): CanonicalValue {
  const { value, again } = decodeAndEncode(bytes)
  // Covers what a lenient decoder lets through: long headers, unsorted keys, integers as floats, malformed UTF-8.
  if (!equal(again, bytes)) throw notCanonical(bytes, 'another encoding of the same value')
  return value
}

function decodeAndEncode(bytes: Uint8Array): { value: CanonicalValue; again: Uint8Array } {
  try {
    const value: CanonicalValue = decode(bytes, DECODE_OPTIONS)
    return { value, again: encodeCanonical(value) }
  } catch (cause) {
    throw notCanonical(bytes, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function assertValue(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw notEncodable(path, `more than ${MAX_DEPTH} levels`)
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return
  if (typeof value === 'string') assertText(value, path)
  else if (typeof value === 'number' || typeof value === 'bigint') assertInteger(value, path)
  else if (Array.isArray(value)) assertArray(value, path, depth)
  else assertPlainObject(value, path, depth)
}

function assertText(text: string, path: string): void {
  if (!text.isWellFormed()) throw notEncodable(path, 'text with a lone surrogate')
  // Decoders strip a leading byte order mark, so two strings would share one meaning.
  if (text.startsWith('\u{feff}')) throw notEncodable(path, 'text that starts with a byte order mark')
}

function assertInteger(value: number | bigint, path: string): void {
  const fits = typeof value === 'bigint' ? value >= MIN_INTEGER && value <= MAX_INTEGER : Number.isSafeInteger(value)
  if (!fits) throw notEncodable(path, `the ${typeof value} ${value}`)
}

function assertArray(values: readonly unknown[], path: string, depth: number): void {
  for (let i = 0; i < values.length; i++) assertValue(values[i], `${path}[${i}]`, depth + 1)
}

function assertPlainObject(value: unknown, path: string, depth: number): void {
  if (!isPlainObject(value)) throw notEncodable(path, describe(value))
  for (const [key, child] of Object.entries(value)) {
    const childPath = path === '' ? key : `${path}.${key}`
    assertText(key, childPath)
    assertValue(child, childPath, depth + 1)
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0
}

const describe = (value: unknown): string =>
  typeof value === 'object' ? `a ${value?.constructor?.name ?? 'object'}` : typeof value

const notEncodable = (path: string, found: string): InputError =>
  new InputError('NotCanonicalValue', `This value has no canonical encoding: ${found}.`, {
    path,
    expected: 'integers, text, bytes, booleans, null, arrays and plain objects of these',
    found,
    fix: 'Scale fractions to integers, leave out absent keys, and use bigint beyond 2^53.',
  })

const notCanonical = (bytes: Uint8Array, found: string, cause?: unknown): IntegrityError =>
  new IntegrityError('NotCanonicalBytes', `These ${bytes.length} bytes are not a canonical document: ${found}.`, {
    expected: 'deterministic CBOR (RFC 8949 section 4.2.1) without floats, tags and undefined',
    found,
    fix: 'Ask the sender for the document again, or another peer.',
    cause,
  })
