/** What the kernels of reductions share: the view of a tensor, and the constants of SPEC N3. */

/** Every tensor is viewed as [outer, n, inner] and reduced over n. */
export interface ReductionView {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

/** Results of this many values are reduced the same way again. */
export const CHUNK = 4096
export const LANES = 32
/** Columns of one task when inner > 1. */
export const COLUMNS = 16
/** Scratch: lanes first, then the chunks' partial results. */
export const PARTIALS_OFFSET = LANES * COLUMNS * 4

/** Bytes of scratch a sum over n needs in each thread. */
export function reductionScratchBytes(n: number): number {
  return PARTIALS_OFFSET + Math.ceil(n / CHUNK) * COLUMNS * 4
}
