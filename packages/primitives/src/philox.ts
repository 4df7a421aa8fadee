/**
 * Philox4x32-10, the counter-based generator of rule N5 (numerics.md): the same counter and key give the same words on
 * every device, with integers only. Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
 * (SC 2011) and its Random123 library. How a job's seed, replica, step and operator become a key is not decided here.
 */

/** A block of four unsigned 32-bit words. */
export type PhiloxBlock = readonly [number, number, number, number]

/** A key of two unsigned 32-bit words. */
export type PhiloxKey = readonly [number, number]

const ROUNDS = 10
const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85

/** Returns the four random words of a counter under a key; each lies in [0, 2^32). */
export function philox4x32(counter: PhiloxBlock, key: PhiloxKey): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh32(MULTIPLIER_0, c0)
    const high1 = mulHigh32(MULTIPLIER_1, c2)
    const low0 = Math.imul(MULTIPLIER_0, c0)
    const low1 = Math.imul(MULTIPLIER_1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + WEYL_0) | 0
    k1 = (k1 + WEYL_1) | 0
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0]
}

/** Returns the upper 32 bits of the exact product of two unsigned 32-bit integers. */
export function mulHigh32(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  // Neither sum exceeds 32 bits: (2^16 - 1)^2 + 2^16 - 1 < 2^32. The sign that `|` may give is undone by `>>>`.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0
}

/**
 * Maps a random word to [0, bound) by multiply-high, for `bound` in [1, 2^32).
 * The bias is below bound / 2^32; there is no rejection loop, so every use takes exactly one word.
 */
export const uniformBelow = (word: number, bound: number): number => mulHigh32(word, bound)
