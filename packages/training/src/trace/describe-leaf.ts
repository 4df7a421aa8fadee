/**
 * What a leaf of a program says to people: an operator's name and shape, the tensor of a slot. Such a leaf was opened under
 * the program root, so it is what nodes execute. Not here: what contracts read (`judged-leaf.ts`).
 */
import type { DType } from '@cairn/engine'
import { concat, decodeCanonical } from '@cairn/primitives'
import { leafParts } from '../compile/program-leaves.ts'
import { readSlotLeaf } from './judged-leaf.ts'

/** An operator as the program describes it. */
export interface DescribedOperator {
  /** In the table of operators: `adamw`, `contract`, `input`. */
  readonly name: string
  /** What an input is called. */
  readonly tensor?: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Operators that it reads. */
  readonly inputs: readonly number[]
}

type Described = readonly [number, string, { readonly name?: string }, readonly number[], DType, readonly number[]]

/** Reads the leaf of an operator. Throws on bytes that are none. */
export function describeOperator(leaf: Uint8Array): DescribedOperator {
  const described = decodeCanonical(leafParts(leaf).described) as unknown as Described
  const [, name, attributes, inputs, dtype, shape] = described
  const tensor = name === 'input' ? attributes.name : undefined
  return { name, ...(tensor !== undefined && { tensor }), dtype, shape, inputs }
}

const ROOT_BYTES = 32

/** Names the tensor that a slot's leaf is of. Throws on bytes that are none. */
export function describeSlot(leaf: Uint8Array): string {
  const { prefix } = readSlotLeaf(leaf)
  const [name] = decodeCanonical(concat(prefix, new Uint8Array(ROOT_BYTES))) as unknown as readonly [string]
  return name
}
