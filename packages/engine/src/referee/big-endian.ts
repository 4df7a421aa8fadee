/**
 * Big-endian integers of 1, 2 and 4 bytes: how everything is written that a contract reads of a program. Reading refuses
 * to go beyond the end; what else is wrong with the bytes is for the caller to see.
 */
import { InputError } from '@cairn/primitives'

type Width = 1 | 2 | 4

/** Returns the bytes of an integer; a negative one in two's complement. */
export function bigEndian(value: number, width: Width): number[] {
  const bits = value >>> 0
  return Array.from({ length: width }, (_, i) => (bits >>> (8 * (width - 1 - i))) & 255)
}

export interface ByteReader {
  /** Bytes read so far. */
  readonly at: number
  unsigned(width: Width): number
  signed(width: Width): number
  /** Copies the next bytes. */
  bytes(count: number): Uint8Array
}

/** Starts to read at the first byte. Reading beyond the last throws `InputError` with the given code. */
export function byteReader(bytes: Uint8Array, code: string): ByteReader {
  let at = 0
  const take = (count: number) => {
    if (at + count > bytes.length) throw tooShort(code, at + count, bytes.length)
    at += count
    return bytes.slice(at - count, at)
  }
  const unsigned = (width: Width) => take(width).reduce((value, byte) => ((value << 8) | byte) >>> 0, 0)
  return {
    get at() {
      return at
    },
    unsigned,
    signed: width => (unsigned(width) << (32 - 8 * width)) >> (32 - 8 * width),
    bytes: take,
  }
}

const tooShort = (code: string, expected: number, found: number) =>
  new InputError(code, 'the bytes end too early', {
    expected: `at least ${expected} bytes`,
    found: `${found} bytes`,
    fix: 'take them from the program again',
  })
