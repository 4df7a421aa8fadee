/**
 * How the float contraction stores its operands: eight rows form a panel, which holds for each k the eight rows'
 * values side by side. Rows that are missing in the last panel are zeros.
 */
export const PANEL_ROWS = 8
/** Bytes of one k of a panel. */
export const COLUMN_BYTES = 4 * PANEL_ROWS

/** Bytes of one matrix of a tensor [..., rows, length]. */
export function matrixBytes(shape: readonly number[]): number {
  const [rows, length] = shape.slice(-2) as [number, number]
  return Math.ceil(rows / PANEL_ROWS) * length * COLUMN_BYTES
}

export const productOf = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** Bytes of a tensor in panels. */
export const panelBytes = (shape: readonly number[]): number => productOf(shape.slice(0, -2)) * matrixBytes(shape)
