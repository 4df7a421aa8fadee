/**
 * Canonical bytes of a quantised tensor (N1): along the last axis, blocks of 32 mantissas followed by their scale
 * exponent (i8). mx8 mantissas are i8 (33 bytes a block); mx12 are i16 little-endian with an i16 exponent (66 bytes).
 */
import {
  BLOCK,
  blockCount,
  elementCount,
  isQuantised,
  type QuantisedDType,
  type Shape,
  type TensorType,
} from './tensor-type.ts'

export interface QuantisedValues {
  /** Row-major, every row padded with zeros to whole blocks. */
  readonly mantissas: Int16Array
  /** One scale exponent a block. */
  readonly exponents: Int8Array
}

const blockBytes: Record<QuantisedDType, number> = { mx8: BLOCK + 1, mx12: 2 * BLOCK + 2 }

/** Returns how many blocks a quantised tensor of this logical shape has. */
export function totalBlocks(shape: Shape): number {
  const length = shape.at(-1) as number
  return (elementCount(shape) / length) * blockCount(length)
}

/** Returns the canonical size of a tensor in bytes. */
export function sizeBytes({ dtype, shape }: TensorType): number {
  return isQuantised(dtype) ? totalBlocks(shape) * blockBytes[dtype] : 4 * elementCount(shape)
}

export function allocateQuantised(shape: Shape): QuantisedValues {
  const blocks = totalBlocks(shape)
  return { mantissas: new Int16Array(blocks * BLOCK), exponents: new Int8Array(blocks) }
}

/** Writes values in canonical bytes. */
export function encodeQuantised(dtype: QuantisedDType, { mantissas, exponents }: QuantisedValues): Uint8Array {
  const stride = blockBytes[dtype]
  const bytes = new Uint8Array(exponents.length * stride)
  const view = new DataView(bytes.buffer)
  exponents.forEach((exponent, block) => {
    for (let i = 0; i < BLOCK; i++) {
      const mantissa = mantissas[block * BLOCK + i] as number
      if (dtype === 'mx8') view.setInt8(block * stride + i, mantissa)
      else view.setInt16(block * stride + 2 * i, mantissa, true)
    }
    if (dtype === 'mx8') view.setInt8(block * stride + BLOCK, exponent)
    else view.setInt16(block * stride + 2 * BLOCK, exponent, true)
  })
  return bytes
}

/** Reads canonical bytes. */
export function decodeQuantised(dtype: QuantisedDType, shape: Shape, bytes: Uint8Array): QuantisedValues {
  const values = allocateQuantised(shape)
  const stride = blockBytes[dtype]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  values.exponents.forEach((_, block) => {
    for (let i = 0; i < BLOCK; i++) {
      values.mantissas[block * BLOCK + i] =
        dtype === 'mx8' ? view.getInt8(block * stride + i) : view.getInt16(block * stride + 2 * i, true)
    }
    values.exponents[block] =
      dtype === 'mx8' ? view.getInt8(block * stride + BLOCK) : view.getInt16(block * stride + 2 * BLOCK, true)
  })
  return values
}
