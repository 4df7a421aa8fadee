/** The two values that a dispute came down to, in bits and in decimals. Not here: where they are (`dispute-path.ts`). */
import { BLOCK, type DType, floatOfBits, judgeDequantised, type QuantisedDType } from '@cairn/engine'
import { encodeHex, equal, readU32le } from '@cairn/primitives'

/** A value; of a block with 32 numbers the first one that differs. */
export interface DisputeValue {
  readonly bytes: string
  /** Of a number: `0x3f800000`. */
  readonly bits?: string
  readonly decimal?: string
}

export interface DisputeValues {
  readonly claimed?: DisputeValue
  readonly computed?: DisputeValue
  /** Of a block: which of its numbers is shown. */
  readonly within?: number
  /** How many f32 apart they are: 1 is a unit in the last place. */
  readonly unitsApart?: number
}

/** What a tensor's bytes mean; roots mean nothing. */
export type Meaning = DType | 'root'

const BLOCK_BYTES: Readonly<Record<QuantisedDType, number>> = { mx8: 33, mx12: 66 }
const MOST_DIGITS = 9

/** Writes an f32 in the fewest digits that tell it from all others. */
export function decimalOf(bits: number): string {
  const value = floatOfBits(bits)
  if (Object.is(value, -0)) return '-0'
  for (let digits = 1; digits < MOST_DIGITS && Number.isFinite(value); digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}

const isBlock = (meaning: Meaning): meaning is QuantisedDType => meaning === 'mx8' || meaning === 'mx12'

/** Bits of the number that is shown; undefined where the bytes are none. */
function bitsIn(bytes: Uint8Array, meaning: Meaning, within: number): number | undefined {
  if (isBlock(meaning))
    return bytes.length === BLOCK_BYTES[meaning] ? judgeDequantised(meaning, bytes, within).bits : undefined
  return meaning !== 'root' && bytes.length === 4 ? readU32le(bytes) : undefined
}

export function shownValue(bytes: Uint8Array, meaning: Meaning, within: number): DisputeValue {
  const bits = bitsIn(bytes, meaning, within)
  if (bits === undefined) return { bytes: encodeHex(bytes) }
  const decimal = meaning === 'i32' ? String(bits | 0) : decimalOf(bits)
  return { bytes: encodeHex(bytes), bits: `0x${bits.toString(16).padStart(8, '0')}`, decimal }
}

/** Where two blocks begin to differ; 0 where they do not in what they mean. */
function firstDifference(a: Uint8Array, b: Uint8Array, meaning: QuantisedDType): number {
  const differs = (_: unknown, i: number) => bitsIn(a, meaning, i) !== bitsIn(b, meaning, i)
  return Math.max(0, Array.from({ length: BLOCK }).findIndex(differs))
}

/** The place of an f32 among all of them, in their order. */
const rank = (bits: number): number => (bits & 0x8000_0000 ? -(bits & 0x7fff_ffff) : bits)

/** Writes what one side claims and what it comes to, as far as they are known. */
export function disputeValues(
  meaning: Meaning,
  { claimed, computed }: { readonly claimed?: Uint8Array; readonly computed?: Uint8Array },
): DisputeValues {
  const both = claimed && computed && !equal(claimed, computed) ? ([claimed, computed] as const) : undefined
  const within = both && isBlock(meaning) ? firstDifference(...both, meaning) : 0
  const [one, other] = both?.map(bytes => bitsIn(bytes, meaning, within)) ?? []
  const isApart = meaning !== 'i32' && one !== undefined && other !== undefined
  const unitsApart = isApart ? Math.abs(rank(one) - rank(other)) : 0
  return {
    ...(claimed && { claimed: shownValue(claimed, meaning, within) }),
    ...(computed && { computed: shownValue(computed, meaning, within) }),
    ...(isBlock(meaning) && { within }),
    // Zeros of both signs differ in bits alone.
    ...(unitsApart > 0 && { unitsApart }),
  }
}
