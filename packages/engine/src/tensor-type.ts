/** Dtypes and shapes (numerics cn1, N0 and N1). A tensor is row-major; a scalar has shape [1]. */

/** `mx8` and `mx12` are quantised: along the last axis, blocks of 32 mantissas with one scale exponent each. */
export type DType = 'f32' | 'i32' | 'mx8' | 'mx12'
export type QuantisedDType = 'mx8' | 'mx12'
export type Shape = readonly number[]

export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** Elements in a quantised block. */
export const BLOCK = 32
/** Smallest scale exponent of a block; also that of an all-zero block. */
export const SMALLEST_SCALE_EXPONENT = -62
/** Inputs of `quantise` at 2^48 and above raise `diverged`. */
export const QUANTISE_LIMIT_EXPONENT = 48

/** Mantissa width in bits. */
export const mantissaBits: Record<QuantisedDType, number> = { mx8: 8, mx12: 12 }

export function isQuantised(dtype: DType): dtype is QuantisedDType {
  return dtype === 'mx8' || dtype === 'mx12'
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1)
}

/** Returns the number of 32-element blocks that hold `length` elements, the last one padded. */
export function blockCount(length: number): number {
  return Math.ceil(length / BLOCK)
}

/** Returns row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number)
  }
  return strides
}

/** Returns where an element of this row-major number stands along every axis. */
export function coordinatesOf(index: number, shape: Shape): number[] {
  const coordinates: number[] = []
  let rest = index
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    coordinates.unshift(rest % (shape[axis] as number))
    rest = Math.floor(rest / (shape[axis] as number))
  }
  return coordinates
}

/** Returns the strides with which `shape` is read at coordinates of `output`, right-aligned; 0 where it repeats. */
export function broadcastStrides(shape: Shape, output: Shape): number[] {
  const strides = stridesOf(shape)
  const missing = output.length - shape.length
  return output.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : (strides[axis - missing] as number),
  )
}

/** Returns the shape two operands broadcast to, or undefined when they do not. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length)
  const result: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1
    const y = b[axis - rank + b.length] ?? 1
    if (x !== y && x !== 1 && y !== 1) return undefined
    result.push(Math.max(x, y))
  }
  return result
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, axis) => n === b[axis])
}
