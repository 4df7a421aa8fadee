/** A named tensor of weights in memory, and how shapes are named in errors. */
export interface WeightTensor {
  readonly name: string
  readonly dtype: 'F32'
  readonly shape: readonly number[]
  /** Row-major; as many as the product of `shape`. */
  readonly data: Float32Array
}

/** Counts the elements of a shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Writes a shape as `[2, 3]`. */
export const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])
