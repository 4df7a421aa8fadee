/** What both forms of quantisation share: scales from magnitudes, and rounding to pairs of mantissas. SPEC: N1. */

import { bitsOf } from '../../scalar/program.ts'
import {
  BLOCK,
  mantissaBits,
  QUANTISE_LIMIT_EXPONENT,
  type QuantisedDType,
  SMALLEST_SCALE_EXPONENT,
} from '../../tensor-type.ts'
import type { Code } from './assembler.ts'
import { BLOCK_BYTES } from './panels.ts'

export const LIMIT_BITS = (127 + QUANTISE_LIMIT_EXPONENT) << 23
const SMALLEST_BIASED = 127 + SMALLEST_SCALE_EXPONENT
/** 1.5 * 2^23: added to |x| <= 2^22 it rounds x to an integer, ties to even, in the low bits of the sum. */
const ROUNDER_BITS = bitsOf(1.5 * 2 ** 23)

export interface PanelEmission {
  readonly c: Code
  /** Elements of the contracted axis, and strides from row to row and along that axis. */
  readonly view: { readonly length: number; readonly rowStride: number; readonly stride: number }
  readonly width: QuantisedDType
  readonly fixed: boolean
  readonly constants: Readonly<Record<'magnitudeMask' | 'rounder' | 'largest' | 'smallest', number>>
  /** Largest magnitude bits seen, four lanes; decides `diverged`. */
  readonly peak: number
  /** Locals: address of the view's first element of this panel, address of the panel. */
  readonly source: number
  readonly panel: number
}

/** PERF: V8 builds a vector constant from three instructions wherever it stands, so the loops read locals. */
export function quantiseConstants(c: Code, width: QuantisedDType): PanelEmission['constants'] {
  const limit = 2 ** (mantissaBits[width] - 1) - 1
  const local = (word: number) => {
    const index = c.local('v128')
    c.splat(word).set(index)
    return index
  }
  return {
    magnitudeMask: local(0x7fffffff),
    rounder: local(ROUNDER_BITS),
    largest: local(bitsOf(limit)),
    smallest: local(bitsOf(-limit)),
  }
}

/** magnitude = max(magnitude, |value on the stack|), as bits. */
export function emitMagnitude({ c, constants }: PanelEmission, magnitude: number): void {
  c.get(constants.magnitudeMask).simd('v128.and').get(magnitude).simd('i32x4.max_u').set(magnitude)
}

/**
 * From four rows' largest magnitudes: stores their scales at `block` + offset and sets 2^-s in `inverse`. A block of
 * zeros is marked by scale 0 in memory (its exponent is -62), so that a contraction can skip it.
 */
export function emitScales(e: PanelEmission, magnitude: number, block: number, offset: number, inverse: number): void {
  const { c, width, fixed, peak } = e
  const biased = c.local('v128')
  c.get(peak).get(magnitude).simd('i32x4.max_u').set(peak)
  if (fixed) c.splat(127).set(biased)
  else {
    c.get(magnitude).i32(23).simd('i32x4.shr_u')
    c.splat(mantissaBits[width] - 2).simd('i32x4.sub')
    c.splat(SMALLEST_BIASED).simd('i32x4.max_s').set(biased)
  }
  c.get(block).get(biased).i32(23).simd('i32x4.shl')
  if (!fixed) c.get(magnitude).splat(0).simd('i32x4.gt_s').simd('v128.and')
  c.store('v128.store', offset)
  c.splat(254).get(biased).simd('i32x4.sub').i32(23).simd('i32x4.shl').set(inverse)
}

/** Even halfwords of the first vector, odd ones of the second. */
const PAIR_LANES = [0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31]

/** Pushes the pairs (i, i + 16) of mantissas of four lanes, each lane's value times its 2^-s, rounded and clipped. */
export function pushPairs({ c, constants }: PanelEmission, inverse: number, push: (half: 0 | 1) => void): void {
  const pushRounded = (half: 0 | 1) => {
    push(half)
    c.get(inverse).simd('f32x4.mul')
    c.get(constants.largest).simd('f32x4.pmin').get(constants.smallest).simd('f32x4.pmax')
    c.get(constants.rounder).simd('f32x4.add')
  }
  pushRounded(0)
  pushRounded(1)
  c.i32(16).simd('i32x4.shl').shuffle(PAIR_LANES)
}

/** Pushes a vector of which `count` lanes exist, the rest zeros. */
export function pushVector(c: Code, address: number, offset: number, count: number): void {
  if (count <= 0) {
    c.splat(0)
    return
  }
  c.get(address).load('v128.load', offset)
  if (count < 4) c.v128([0, 1, 2, 3].map(lane => (lane < count ? -1 : 0))).simd('v128.and')
}

/** Runs `emitBlock` for every block of the panel; `step` advances the addresses it reads. */
export function emitBlocks(
  e: PanelEmission,
  block: number,
  step: () => void,
  emitBlock: (count: number) => void,
): void {
  const { c, view } = e
  const counter = c.local('i32')
  c.i32(0).set(counter)
  c.while(
    counter,
    () => c.i32(Math.floor(view.length / BLOCK)),
    1,
    () => {
      emitBlock(BLOCK)
      step()
      c.get(block).i32(BLOCK_BYTES).op('i32.add').set(block)
    },
  )
  if (view.length % BLOCK > 0) emitBlock(view.length % BLOCK)
}
