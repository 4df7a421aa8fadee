/**
 * Blocks that make quantisation and contraction go wrong: ties and values that clip, the smallest and the largest scale
 * exponents, the limit of `quantise`; dots as large as they get, and sums that cancel or lie far apart.
 */
import { BLOCK, floatOfBits, type QuantisedDType } from '@cairn/engine'
import type { Random } from '@cairn/engine/conformance'

const oneOf = <T>(r: Random, values: readonly T[]): T => values[r.below(values.length)] as T
const between = (r: Random, low: number, high: number) => low + r.below(high - low + 1)

const CANON_LOW = 2 ** -100
const canonical = (x: number) => (Math.abs(x) < CANON_LOW ? 0 : x)
const limits: Record<QuantisedDType, number> = { mx8: 127, mx12: 2047 }

function element(r: Random, scale: number, limit: number): number {
  const kind = r.below(6)
  if (kind === 0) return 0
  if (kind === 1) return floatOfBits(((r.word() & 0x807fffff) | (between(r, 27, 186) << 23)) >>> 0)
  const sign = oneOf(r, [1, -1])
  const rounded = between(r, 0, limit)
  if (kind === 2) return sign * rounded * scale
  if (kind === 3) return sign * (rounded + 0.5) * scale // a tie; the last of them would round beyond the limit
  if (kind === 4) return sign * (rounded + 0.5) * (1 + oneOf(r, [1, -1]) * 2 ** -22) * scale
  return Math.fround(sign * rounded * scale * (r.word() / 2 ** 32))
}

/** Returns canonical elements, of which the largest decides the scale: most of them near to it. */
export function elementsToQuantise(r: Random, length: number, width: QuantisedDType): Float32Array {
  const largest = oneOf(r, [between(r, -100, 46), between(r, -64, -45), between(r, 45, 59), between(r, -4, 4)])
  const isWild = r.below(4) === 0
  const scale = 2 ** (largest - (width === 'mx8' ? 6 : 10))
  const values = Float32Array.from({ length }, () => {
    const x = element(r, scale, limits[width])
    return canonical(isWild || Math.abs(x) < 2 ** (largest + 1) ? x : 0)
  })
  return r.below(5) === 0 ? atLimit(r, values) : values
}

/** 2^48, from which on `quantise` raises `diverged`, and its neighbour. */
const LIMIT = floatOfBits(0x57800000)
const BELOW_LIMIT = floatOfBits(0x577fffff)

/** Makes an element at the limit the largest. */
function atLimit(r: Random, values: Float32Array): Float32Array {
  const limited = values.map(x => (Math.abs(x) < LIMIT ? x : 0))
  limited[r.below(values.length)] = oneOf(r, [LIMIT, -LIMIT, BELOW_LIMIT, -BELOW_LIMIT])
  return limited
}

/** From a block of the smallest numbers to what `quantise` gives of the largest: an input with any other leaves the domain. */
const SMALLEST_EXPONENT = -62
const LARGEST_EXPONENT: Record<QuantisedDType, number> = { mx8: 41, mx12: 37 }

/** Returns the bytes of random blocks, one after another. Exponents lie near `exponent`. */
export function quantisedBlocks(r: Random, count: number, width: QuantisedDType, exponent: number): Uint8Array {
  const limit = limits[width]
  const size = width === 'mx8' ? 1 : 2
  const bytes = new Uint8Array(count * (BLOCK + 1) * size)
  const view = new DataView(bytes.buffer)
  const put = (place: number, value: number) =>
    size === 1 ? view.setInt8(place, value) : view.setInt16(2 * place, value, true)
  for (let block = 0; block < count; block++) {
    const kind = r.below(4)
    const mantissa = () =>
      kind === 0 ? limit * oneOf(r, [1, 1, 1, -1]) : kind === 1 ? between(r, -2, 2) : between(r, -limit, limit)
    for (let i = 0; i < BLOCK; i++) put(block * (BLOCK + 1) + i, mantissa())
    const own = exponent + oneOf(r, [0, 0, between(r, -3, 3), between(r, -30, 30)])
    put(block * (BLOCK + 1) + BLOCK, Math.max(SMALLEST_EXPONENT, Math.min(LARGEST_EXPONENT[width], own)))
  }
  return bytes
}
