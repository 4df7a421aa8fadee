/**
 * How quantised tensors lie in memory. Eight rows form a panel; for every block of 32 along the contracted axis a
 * panel holds eight f32 scales (2^s, or 0 for a block of zeros) and then, for each pair of mantissas, the pair of every row as i16, so that
 * `i32x4.dot_i16x8_s` takes four rows at a time and either operand of a contraction uses the same layout.
 * PERF: a pair is elements i and i + 16 of the block. Which elements are paired cannot matter (integer sums), and these
 * lie in the same lanes of two vectors, so that packing needs no reordering.
 */
import { type QuantisedValues, sizeBytes } from '../../quantised-layout.ts'
import {
  BLOCK,
  blockCount,
  elementCount,
  type Shape,
  SMALLEST_SCALE_EXPONENT,
  type TensorType,
} from '../../tensor-type.ts'

export const PANEL_ROWS = 8
const SCALE_BYTES = PANEL_ROWS * 4
/** Bytes of one pair of mantissas of all eight rows. */
export const PAIR_BYTES = PANEL_ROWS * 4
export const PAIRS = BLOCK / 2
export const BLOCK_BYTES = SCALE_BYTES + PAIRS * PAIR_BYTES
/** Where the mantissas of a block begin. */
export const MANTISSA_OFFSET = SCALE_BYTES

export interface PanelLayout {
  readonly batches: number
  readonly rows: number
  readonly panels: number
  readonly blocks: number
  /** Bytes of one batch entry. */
  readonly batchBytes: number
}

export function panelLayout(shape: Shape): PanelLayout {
  const [rows, length] = shape.slice(-2) as [number, number]
  const [panels, blocks] = [Math.ceil(rows / PANEL_ROWS), blockCount(length)]
  return { batches: elementCount(shape.slice(0, -2)), rows, panels, blocks, batchBytes: panels * blocks * BLOCK_BYTES }
}

export function panelBytes(shape: Shape): number {
  const { batches, batchBytes } = panelLayout(shape)
  return batches * batchBytes
}

/** Byte offset of element `i` of a block's row. */
const mantissaAt = (row: number, i: number) =>
  MANTISSA_OFFSET + (i % PAIRS) * PAIR_BYTES + row * 4 + Math.floor(i / PAIRS) * 2

/** Calls back for every block: its index in canonical order and its byte offsets in the panels. */
function forEachBlock(shape: Shape, visit: (canonical: number, base: number, row: number) => void): void {
  const { batches, rows, blocks, batchBytes } = panelLayout(shape)
  for (let batch = 0; batch < batches; batch++) {
    for (let row = 0; row < rows; row++) {
      const panel = batch * batchBytes + Math.floor(row / PANEL_ROWS) * blocks * BLOCK_BYTES
      for (let block = 0; block < blocks; block++) {
        visit((batch * rows + row) * blocks + block, panel + block * BLOCK_BYTES, row % PANEL_ROWS)
      }
    }
  }
}

/** A canonical block: its mantissas and its exponent, in words of one size. */
const BLOCK_WORDS = BLOCK + 1

/**
 * Reads the panels at an address as canonical bytes.
 * PERF: a visited run reads every quantised tensor, so there is one pass, over words and not through a DataView.
 */
export function readPanels(memory: ArrayBufferLike, address: number, { dtype, shape }: TensorType): Uint8Array {
  const scales = new Uint32Array(memory, address, panelBytes(shape) / 4)
  const mantissas = new Int16Array(memory, address, panelBytes(shape) / 2)
  const bytes = new Uint8Array(sizeBytes({ dtype, shape }))
  const words = dtype === 'mx8' ? new Int8Array(bytes.buffer) : new Int16Array(bytes.buffer)
  forEachBlock(shape, (canonical, base, row) => {
    const to = canonical * BLOCK_WORDS
    const from = (base + mantissaAt(row, 0)) / 2
    for (let pair = 0; pair < PAIRS; pair++) {
      words[to + pair] = mantissas[from + (PAIR_BYTES / 2) * pair] as number
      words[to + PAIRS + pair] = mantissas[from + (PAIR_BYTES / 2) * pair + 1] as number
    }
    const scale = scales[base / 4 + row] as number
    words[to + BLOCK] = scale === 0 ? SMALLEST_SCALE_EXPONENT : (scale >>> 23) - 127
  })
  return bytes
}

/** Writes canonical values into panels; rows that pad the last panel stay as they are (zero). */
export function writePanels(memory: DataView, shape: Shape, values: QuantisedValues): void {
  forEachBlock(shape, (canonical, base, row) => {
    memory.setUint32(base + 4 * row, ((values.exponents[canonical] as number) + 127) << 23, true)
    for (let i = 0; i < BLOCK; i++) {
      memory.setInt16(base + mantissaAt(row, i), values.mantissas[canonical * BLOCK + i] as number, true)
    }
  })
}
