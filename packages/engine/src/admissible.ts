/**
 * Which bytes an input may have (N0): those that an operator writes. Tensors come from strangers, and what arithmetic makes of a NaN
 * or of a scale that no `quantise` gives is defined nowhere: an input that holds such a thing leaves the domain instead.
 */
import type { Node } from './graph.ts'
import {
  BLOCK,
  blockCount,
  mantissaBits,
  QUANTISE_LIMIT_EXPONENT,
  type QuantisedDType,
  SMALLEST_SCALE_EXPONENT,
  type TensorType,
} from './tensor-type.ts'

const MAGNITUDE = 0x7fffffff
/** Bits of 2^-100 and of 2^60. */
const [SMALLEST, LIMIT] = [0x0d800000, 0x5d800000]

function isCanonical(word: number): boolean {
  const magnitude = word & MAGNITUDE
  return word === 0 || (magnitude >= SMALLEST && magnitude < LIMIT)
}

/** Finds the first element that is not canonical; -1 if there is none. */
function firstOfWords(bytes: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4)
  // PERF: states have millions of words.
  for (let i = 0; i < words.length; i++) if (!isCanonical(words[i] as number)) return i
  return -1
}

/** Tells whether `quantise` can have made a block of which `used` elements are in the tensor; the others are zeros. */
function isBlock(dtype: QuantisedDType, view: DataView, at: number, used: number): boolean {
  const isWide = dtype === 'mx12'
  const read = (i: number): number => (isWide ? view.getInt16(at + 2 * i, true) : view.getInt8(at + i))
  const bits = mantissaBits[dtype]
  const limit = 2 ** (bits - 1) - 1
  for (let i = 0; i < BLOCK; i++) {
    const mantissa = read(i)
    if (i < used ? mantissa < -limit || mantissa > limit : mantissa !== 0) return false
  }
  const scale = read(BLOCK)
  return scale >= SMALLEST_SCALE_EXPONENT && scale <= QUANTISE_LIMIT_EXPONENT - 1 - (bits - 2)
}

function firstOfBlocks(dtype: QuantisedDType, length: number, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = (BLOCK + 1) * (dtype === 'mx12' ? 2 : 1)
  const perRow = blockCount(length)
  for (let block = 0; block < bytes.length / size; block++) {
    const used = Math.min(BLOCK, length - (block % perRow) * BLOCK)
    if (!isBlock(dtype, view, block * size, used)) return block
  }
  return -1
}

/** Finds the first element, or block of a quantised tensor, that no operator writes; -1 if there is none. */
export function firstInadmissible({ dtype, shape }: TensorType, bytes: Uint8Array): number {
  if (dtype === 'i32') return -1
  return dtype === 'f32' ? firstOfWords(bytes) : firstOfBlocks(dtype, shape.at(-1) as number, bytes)
}

/** Tells whether one element or block of an input is one that an operator writes. `at` is its number. */
export function isAdmissible({ dtype, shape }: TensorType, at: number, bytes: Uint8Array): boolean {
  if (dtype === 'i32' || dtype === 'f32') return firstInadmissible({ dtype, shape }, bytes) < 0
  const length = shape.at(-1) as number
  const used = Math.min(BLOCK, length - (at % blockCount(length)) * BLOCK)
  return isBlock(dtype, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, used)
}

/** The inputs of an executable that were last given what leaves the domain. */
export interface InputCheck {
  wrote(node: Node, bytes: Uint8Array): void
  isBad(node: Node): boolean
  hasBad(): boolean
}

export function inputCheck(): InputCheck {
  const bad = new Set<number>()
  return {
    wrote(node, bytes) {
      if (firstInadmissible(node, bytes) < 0) bad.delete(node.id)
      else bad.add(node.id)
    },
    isBad: node => bad.has(node.id),
    hasBad: () => bad.size > 0,
  }
}
