/** Counts what is in a CBOR document before it is decoded: a few bytes of it can ask for many times their memory. */

const STRINGS = new Set([2, 3])

/** Reads the head of an item: its major type, its argument and where the next byte is. */
function headAt(
  bytes: Uint8Array,
  at: number,
): { readonly major: number; readonly argument: number; readonly next: number } {
  const first = bytes[at] as number
  const [major, short] = [first >> 5, first & 31]
  const extra = short < 24 || short > 27 ? 0 : 1 << (short - 24)
  let argument = extra === 0 ? short : 0
  for (let i = 1; i <= extra; i++) argument = argument * 256 + (bytes[at + i] ?? 0)
  return { major, argument, next: at + 1 + extra }
}

/** Counts items and entries, without a stack. Bytes that are no CBOR have some number too; decoding refuses them. */
export function countItems(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; count++) {
    const { major, argument, next } = headAt(bytes, at)
    at = next + (STRINGS.has(major) ? argument : 0)
  }
  return count
}
