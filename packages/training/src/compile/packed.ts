/**
 * Packed bytes of what a contract reads of a program: big-endian integers, and byte strings of a fixed length or behind
 * a u16 of their length. SPEC: docs/spec/program.md "Judged bytes". Reading beyond the end throws a `RangeError`.
 */
import { concat, InputError } from '@cairn/primitives'

/** Writes an integer of so many bytes. Throws `InputError` (`TooLargeToJudge`) on one that does not fit. */
export function unsigned(value: number, sizeBytes: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** sizeBytes) throw tooLarge(value, sizeBytes)
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Math.floor(value / 256 ** (sizeBytes - 1 - i)) % 256)
}

/** Writes bytes behind their length. */
export const sized = (bytes: Uint8Array): Uint8Array => concat(unsigned(bytes.length, 2), bytes)

export interface PackedReader {
  unsigned(sizeBytes: number): number
  bytes(length: number): Uint8Array
  sized(): Uint8Array
  /** Bytes not read yet. */
  readonly left: number
}

/** Reads packed bytes from an offset on. */
export function packedReader(bytes: Uint8Array, offset = 0): PackedReader {
  let at = offset
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('the packed bytes end early')
    at += length
    return bytes.subarray(at - length, at)
  }
  const integer = (sizeBytes: number) => take(sizeBytes).reduce((value, byte) => value * 256 + byte, 0)
  return {
    unsigned: integer,
    bytes: take,
    sized: () => take(integer(2)),
    get left() {
      return bytes.length - at
    },
  }
}

const tooLarge = (value: number, sizeBytes: number): InputError =>
  new InputError('TooLargeToJudge', 'This job has a number that no contract could read.', {
    expected: `an integer below 2^${8 * sizeBytes}`,
    found: String(value),
    fix: 'Train a smaller model, or on less data.',
  })
