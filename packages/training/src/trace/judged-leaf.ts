/**
 * Program leaves as a contract reads them: operators with the sources of inputs, and slots. What is read here was opened
 * under the program root, so it is what honest nodes execute; bytes that are none still throw, and a referee refuses.
 */
import { decodeJudgedOperator, type JudgedOperator } from '@cairn/engine'
import { InternalError } from '@cairn/primitives'
import { packedReader } from '../compile/packed.ts'
import { leafParts, SLOT_LEAF } from '../compile/program-leaves.ts'
import { type BatchSource, decodeSource, type Source } from '../compile/sources.ts'

export interface JudgedLeaf {
  readonly operator: JudgedOperator
  /** Of an input: in a first run, and in later ones. */
  readonly sources?: readonly [first: Source, later: Source]
}

export interface JudgedSlot {
  /** The leaf of the state up to its root. */
  readonly prefix: Uint8Array
  readonly source: Source
}

/** Reads the leaf of an operator. */
export function readOperatorLeaf(leaf: Uint8Array): JudgedLeaf {
  const { judged } = leafParts(leaf)
  const { operator, bytesRead } = decodeJudgedOperator(judged)
  if (operator.class !== 'input') return { operator }
  const reader = packedReader(judged, bytesRead)
  return { operator, sources: [decodeSource(reader), decodeSource(reader)] }
}

/** Reads the leaf of a slot. */
export function readSlotLeaf(leaf: Uint8Array): JudgedSlot {
  const reader = packedReader(leafParts(leaf).judged)
  if (reader.unsigned(1) !== SLOT_LEAF) throw new InternalError('NoSlot', 'this leaf is no slot')
  return { prefix: reader.sized(), source: decodeSource(reader) }
}

/** Tells whether an operator is an input that is no batch: a tensor of a state, or a counter. */
export const isCopiedInput = (leaf: JudgedLeaf): boolean =>
  leaf.operator.class === 'input' && batchOf(leaf) === undefined

/** A batch is the same in every run. */
export function batchOf({ sources }: JudgedLeaf): BatchSource | undefined {
  const source = sources?.[0]
  return source?.from === 'batch' ? source : undefined
}
