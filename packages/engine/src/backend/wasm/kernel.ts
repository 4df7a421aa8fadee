/** What every kernel generator returns, and small pieces they share. */
import { CANON_HIGH_BITS, CANON_LOW_BITS } from '../../scalar/evaluate.ts'
import type { Code } from './assembler.ts'

/**
 * A kernel's code: a function of `pointers` addresses, then begin, end and the flag's address. It does tasks
 * [begin, end) of its work, so that threads can share it.
 */
export interface KernelSource {
  /** Equal keys mean equal code: layers of a model share their kernels. */
  readonly key: string
  readonly tasks: number
  readonly pointers: number
  readonly emit: (c: Code) => void
}

/** Index of the module's global that holds the instance's own scratch memory. */
export const SCRATCH_GLOBAL = 0

/** Stores 1 at the flag's address when any lane of `peak` (magnitude bits) reached `limit`. */
export function emitFlag(c: Code, peak: number, flag: number, limit = CANON_HIGH_BITS): void {
  c.get(peak).splat(limit).simd('i32x4.ge_u').simd('v128.any_true')
  c.if(() => c.get(flag).i32(1).store('i32.store'))
}

/**
 * SPEC: N0 canon of the v128 in a local, left on the stack; remembers the largest magnitude in `peak`.
 * PERF: V8 builds a vector constant from three instructions wherever it stands: loops pass `edge` (`pushCanonEdge`).
 */
export function emitCanonVector(c: Code, value: number, peak: number, magnitude: number, edge?: number): void {
  c.get(value).simd('f32x4.abs').set(magnitude)
  c.get(peak).get(magnitude).simd('i32x4.max_u').set(peak)
  c.get(value).get(magnitude)
  if (edge === undefined) pushCanonEdge(c)
  else c.get(edge)
  c.simd('i32x4.gt_s').simd('v128.and')
}

/** Pushes the largest magnitude bits that canon turns into +0, in four lanes. */
export const pushCanonEdge = (c: Code) => c.splat(CANON_LOW_BITS - 1)

/** The same for one f32 in a local. */
export function emitCanonScalar(c: Code, value: number, peak: number, magnitude: number): void {
  c.get(value).op('i32.reinterpret_f32').i32(0x7fffffff).op('i32.and').set(magnitude)
  c.get(peak).get(magnitude).simd('i32x4.splat').simd('i32x4.max_u').set(peak)
  c.get(value).f32(0).get(magnitude).i32(CANON_LOW_BITS).op('i32.ge_s').op('select')
}

/** Pushes sum over axes of coordinate * stride for the linear index in a local, coordinates in row-major order. */
export function pushOffset(c: Code, index: number, sizes: readonly number[], strides: readonly number[]): void {
  c.i32(0)
  let below = 1
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const size = sizes[axis] as number
    const stride = strides[axis] as number
    if (stride !== 0 && size > 1) {
      c.get(index)
      if (below > 1) c.i32(below).op('i32.div_u')
      if (axis > 0) c.i32(size).op('i32.rem_u')
      c.i32(stride).op('i32.mul').op('i32.add')
    }
    below *= size
  }
}
