/**
 * Sources: where a tensor that no operator computes comes from, as a contract reads it. SPEC: docs/spec/program.md
 * "Sources". Not here: which tensor has which source; that is `graph-sources.ts`.
 */
import { concat, type HashHex, hashFromHex, hashToHex, InternalError, toHash } from '@cairn/primitives'
import { stateLeaf, type TensorDtype } from '@cairn/protocol'
import { type PackedReader, sized, unsigned } from './packed.ts'

/** States by their number: the end of the run before, the global state, the replica's, an update. */
export const SOURCE_STATES = ['previous', 'global', 'replica', 'update'] as const
export type SourceState = (typeof SOURCE_STATES)[number]

/** Tensors that follow from the place of a run alone. */
const COUNTERS = ['step', 'key', 'roundsDone', 'stepsDone'] as const
export type Counter = (typeof COUNTERS)[number]

/** Types by their code in packed bytes; the last three are elements of data. */
const DTYPE_CODES = ['f32', 'i32', 'mx8', 'mx12', 'u8', 'u16', 'u32'] as const
export type OperandDtype = 'f32' | 'i32' | 'u8' | 'u16' | 'u32'

export interface StateSource {
  readonly from: 'state'
  readonly state: SourceState
  /** Whose update; 0 for all else. */
  readonly of: number
  /** Place in the state's tree, and its leaves. */
  readonly slot: number
  readonly slots: number
  readonly prefix: Uint8Array
}

/** What a batch program reads. */
export type BatchOperandSource =
  | { readonly from: 'data'; readonly dtype: OperandDtype; readonly elements: number; readonly prefix: Uint8Array }
  | { readonly from: 'position'; readonly dtype: OperandDtype; readonly elements: number }
  | { readonly from: 'constant'; readonly dtype: OperandDtype; readonly elements: number; readonly root: HashHex }

export interface BatchSource {
  readonly from: 'batch'
  readonly codeHash: HashHex
  readonly operands: readonly BatchOperandSource[]
}

export type Source =
  /** An operator of the same run; for slots only. */
  | { readonly from: 'operator'; readonly operator: number }
  | StateSource
  | { readonly from: 'constant'; readonly root: HashHex }
  | { readonly from: 'position'; readonly counter: Counter }
  | BatchSource

const KINDS = ['operator', 'state', 'constant', 'position', 'batch'] as const
const OPERANDS = ['data', 'position', 'constant'] as const
const NO_ROOT = toHash(new Uint8Array(32))

/** The leaf of a tensor in a state, up to its root. */
export function statePrefix(tensor: {
  readonly name: string
  readonly dtype: TensorDtype
  readonly shape: readonly number[]
}): Uint8Array {
  return stateLeaf({ ...tensor, root: NO_ROOT }).slice(0, -NO_ROOT.length)
}

function operandBytes(operand: BatchOperandSource): Uint8Array {
  const head = [
    unsigned(OPERANDS.indexOf(operand.from), 1),
    unsigned(DTYPE_CODES.indexOf(operand.dtype), 1),
    unsigned(operand.elements, 4),
  ]
  if (operand.from === 'position') return concat(...head)
  return concat(...head, operand.from === 'data' ? sized(operand.prefix) : hashFromHex(operand.root))
}

const pick = <T>(table: readonly T[], index: number): T => {
  if (index < table.length) return table[index] as T
  throw new InternalError('BadSource', `number ${index} in a table of ${table.length}`)
}
const readRoot = (reader: PackedReader): HashHex => hashToHex(toHash(reader.bytes(32).slice()))

function readOperand(reader: PackedReader): BatchOperandSource {
  const from = pick(OPERANDS, reader.unsigned(1))
  const dtype = pick(DTYPE_CODES, reader.unsigned(1)) as OperandDtype
  const elements = reader.unsigned(4)
  if (from === 'position') return { from, dtype, elements }
  return from === 'data'
    ? { from, dtype, elements, prefix: reader.sized() }
    : { from, dtype, elements, root: readRoot(reader) }
}

type Kind = Source['from']
interface Codec<S> {
  readonly write: (source: S) => readonly Uint8Array[]
  readonly read: (reader: PackedReader) => S
}

/** After the number of its kind. */
const codecs: { readonly [K in Kind]: Codec<Extract<Source, { from: K }>> } = {
  operator: {
    write: ({ operator }) => [unsigned(operator, 4)],
    read: reader => ({ from: 'operator', operator: reader.unsigned(4) }),
  },
  state: {
    write: ({ state, of, slot, slots, prefix }) => [
      unsigned(SOURCE_STATES.indexOf(state), 1),
      unsigned(of, 2),
      unsigned(slot, 4),
      unsigned(slots, 4),
      sized(prefix),
    ],
    read: reader => ({
      from: 'state',
      state: pick(SOURCE_STATES, reader.unsigned(1)),
      of: reader.unsigned(2),
      slot: reader.unsigned(4),
      slots: reader.unsigned(4),
      prefix: reader.sized(),
    }),
  },
  constant: {
    write: ({ root }) => [hashFromHex(root)],
    read: reader => ({ from: 'constant', root: readRoot(reader) }),
  },
  position: {
    write: ({ counter }) => [unsigned(COUNTERS.indexOf(counter), 1)],
    read: reader => ({ from: 'position', counter: pick(COUNTERS, reader.unsigned(1)) }),
  },
  batch: {
    write: ({ codeHash, operands }) => [
      hashFromHex(codeHash),
      unsigned(operands.length, 1),
      ...operands.map(operandBytes),
    ],
    read: reader => ({
      from: 'batch',
      codeHash: readRoot(reader),
      operands: Array.from({ length: reader.unsigned(1) }, () => readOperand(reader)),
    }),
  },
}

/** Encodes a source. */
export const encodeSource = (source: Source): Uint8Array =>
  concat(unsigned(KINDS.indexOf(source.from), 1), ...(codecs[source.from] as Codec<Source>).write(source))

/** Decodes the next source. Throws on bytes that are none. */
export const decodeSource = (reader: PackedReader): Source => codecs[pick(KINDS, reader.unsigned(1))].read(reader)
