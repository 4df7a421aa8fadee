/** Columns that stand side by side, as vectors of four and single ones for the rest. */
import type { Code } from './assembler.ts'
import { emitCanonScalar, emitCanonVector } from './kernel.ts'

const VECTOR = 16

/** One stretch of columns handled together: a vector of four, or a single one. */
export interface Cell {
  readonly offset: number
  readonly vector: boolean
}

export function cellsOf(width: number): Cell[] {
  const vectors = Array.from({ length: Math.floor(width / 4) }, (_, v) => ({ offset: v * VECTOR, vector: true }))
  const singles = Array.from({ length: width % 4 }, (_, i) => ({
    offset: (width - (width % 4) + i) * 4,
    vector: false,
  }))
  return [...vectors, ...singles]
}

export const loadCell = (c: Code, address: number, cell: Cell, offset = 0) =>
  c.get(address).load(cell.vector ? 'v128.load' : 'f32.load', offset + cell.offset)
export const storeCell = (c: Code, cell: Cell, offset = 0) =>
  c.store(cell.vector ? 'v128.store' : 'f32.store', offset + cell.offset)
export const addCells = (c: Code, cell: Cell) => (cell.vector ? c.simd('f32x4.add') : c.op('f32.add'))

/** Canonicalises a stored cell in place. */
export function emitCanonCell(c: Code, cell: Cell, address: number, peak: number): void {
  const value = c.local(cell.vector ? 'v128' : 'f32')
  loadCell(c, address, cell).set(value).get(address)
  if (cell.vector) emitCanonVector(c, value, peak, c.local('v128'))
  else emitCanonScalar(c, value, peak, c.local('i32'))
  storeCell(c, cell)
}
