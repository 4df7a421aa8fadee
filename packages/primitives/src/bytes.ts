/**
 * The few byte operations that every floor shares: hex, UTF-8, comparison, concatenation, little-endian integers.
 * Nothing here depends on Node's `Buffer`: this package runs in browsers.
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { InputError } from './errors.ts'

const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Joins byte arrays into one new array. */
export const concat = (...parts: readonly Uint8Array[]): Uint8Array => concatBytes(...parts)

/** Writes bytes as lower-case hex, two digits a byte. */
export const encodeHex = (bytes: Uint8Array): string => bytesToHex(bytes)

/** Reads hex of either case. Throws `InputError` (`BadHex`) on an odd length or any other character. */
export function decodeHex(text: string): Uint8Array {
  try {
    return hexToBytes(text)
  } catch (cause) {
    throw new InputError('BadHex', 'This is not a hex string.', {
      expected: 'an even number of the digits 0-9 and a-f',
      found: JSON.stringify(text),
      fix: 'Copy the whole value again, without a 0x in front.',
      cause,
    })
  }
}

/** Compares two byte arrays. Not constant-time: nothing compared here is secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Encodes text as UTF-8; a lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array => utf8Encoder.encode(text)

/** Decodes UTF-8, keeping a byte order mark. Throws `InputError` (`BadUtf8`) on malformed bytes. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes)
  } catch (cause) {
    throw new InputError('BadUtf8', 'These bytes are not UTF-8 text.', {
      expected: 'well-formed UTF-8',
      found: `${bytes.length} bytes with a malformed sequence`,
      fix: 'Save the file as UTF-8.',
      cause,
    })
  }
}

/** Writes an unsigned 32-bit integer as 4 little-endian bytes; higher bits are dropped. */
export function u32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, value, true)
  return bytes
}

/** Writes an unsigned 64-bit integer as 8 little-endian bytes; higher bits are dropped. */
export function u64le(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  viewOf(bytes).setBigUint64(0, value, true)
  return bytes
}

/** Reads an unsigned 32-bit little-endian integer. Throws `RangeError` beyond the end. */
export const readU32le = (bytes: Uint8Array, offset = 0): number => viewOf(bytes).getUint32(offset, true)

/** Reads an unsigned 64-bit little-endian integer. Throws `RangeError` beyond the end. */
export const readU64le = (bytes: Uint8Array, offset = 0): bigint => viewOf(bytes).getBigUint64(offset, true)

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
