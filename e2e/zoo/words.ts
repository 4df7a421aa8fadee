/** Small changes to tensors, made on bits. */

const WORD = 4
const EXPONENT = 1 << 23
const MOST_MANTISSA = 127
/** Where a tensor is changed: not at its beginning, where every search begins. */
const SHARE = 0.7

const wordsOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Bits of twice an f32. Zero stays zero. */
export const doubled = (word: number): number => (word << 1 === 0 ? word : (word + EXPONENT) | 0)

/** Bits of the next f32 away from zero. */
const stepUp = (word: number): number => (word + 1) | 0

/** Changes the first element that is not zero, from 70 % of the tensor on. */
function changedElement(bytes: Uint8Array, change: (word: number) => number): Uint8Array {
  const [other, count] = [bytes.slice(), bytes.length / WORD]
  const view = wordsOf(other)
  const start = Math.floor(count * SHARE)
  for (let i = 0; i < count; i++) {
    const at = WORD * ((start + i) % count)
    if (view.getInt32(at, true) === 0) continue
    view.setInt32(at, change(view.getInt32(at, true)), true)
    return other
  }
  return other
}

/** One element of a quantised tensor, one unit of its mantissa. */
export function nextMantissa(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice()
  const at = other.findIndex((byte, i) => i >= Math.floor(bytes.length * SHARE) && byte > 0 && byte < MOST_MANTISSA)
  return at < 0 ? other : other.with(at, (other[at] as number) + 1)
}

/** One element, one unit in the last place. */
export const nextUp = (bytes: Uint8Array): Uint8Array => changedElement(bytes, stepUp)

/** One element, 256 times as large. */
export const oneEnlarged = (bytes: Uint8Array): Uint8Array => changedElement(bytes, word => (word + 8 * EXPONENT) | 0)

/** All elements twice as large. */
export function allDoubled(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice()
  const view = wordsOf(other)
  for (let at = 0; at < other.length; at += WORD) view.setInt32(at, doubled(view.getInt32(at, true)), true)
  return other
}
