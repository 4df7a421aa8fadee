/**
 * How a tensor is cut into leaves, for whoever opens one: which leaf holds an element (or a block), where in it, and how
 * long the leaf has to be. SPEC: docs/spec/roots.md "Tensor root". Counts come from the type, never from a party.
 */
import { sizeBytes, type TensorType } from '@cairn/engine'
import { type TensorDtype, tensorLeafSizeBytes } from '@cairn/protocol'
import type { OperandDtype } from '../compile/sources.ts'

/** A tensor as a row of atoms: elements, or blocks of a quantised one. */
export interface Atoms {
  readonly count: number
  readonly atomBytes: number
  readonly perLeaf: number
}

const BLOCK_BYTES = { mx8: 33, mx12: 66 } as const
const OPERAND_BYTES = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4 } as const

/** Describes the output of an operator. */
export function atomsOf(type: TensorType): Atoms {
  const { dtype } = type
  const atomBytes = dtype === 'mx8' || dtype === 'mx12' ? BLOCK_BYTES[dtype] : 4
  return { count: sizeBytes(type) / atomBytes, atomBytes, perLeaf: tensorLeafSizeBytes(dtype) / atomBytes }
}

/** Describes an operand of a batch; the data's leaves are those of plain bytes. */
export function operandAtoms(dtype: OperandDtype, elements: number): Atoms {
  const leafDtype: TensorDtype = dtype === 'f32' || dtype === 'i32' ? dtype : 'u8'
  const atomBytes = OPERAND_BYTES[dtype]
  return { count: elements, atomBytes, perLeaf: tensorLeafSizeBytes(leafDtype) / atomBytes }
}

export const leafCount = ({ count, perLeaf }: Atoms): number => Math.ceil(count / perLeaf)

/** Bytes that a leaf has to have. */
export const leafBytes = ({ count, atomBytes, perLeaf }: Atoms, leaf: number): number =>
  atomBytes * Math.min(perLeaf, count - leaf * perLeaf)

export const leafOfAtom = ({ perLeaf }: Atoms, atom: number): number => Math.floor(atom / perLeaf)

/** Cuts an atom out of its leaf; shorter than it should be, or empty, where the leaf is too short. */
export function atomIn({ atomBytes, perLeaf }: Atoms, leaf: Uint8Array, atom: number): Uint8Array {
  const at = (atom % perLeaf) * atomBytes
  return leaf.subarray(at, at + atomBytes)
}

/** Reads up to four little-endian bytes as a word. */
export const wordOf = (bytes: Uint8Array): number => bytes.reduceRight((word, byte) => word * 256 + byte, 0)

/** Whether a number from a party is one of `count` places. */
export const isPlace = (value: number, count: number): boolean =>
  Number.isSafeInteger(value) && value >= 0 && value < count
