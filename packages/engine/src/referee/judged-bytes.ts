/**
 * The packed bytes of a judged operator. SPEC: docs/decisions/0005-proof.md, "Program leaves": u8 1, u8 class, its type,
 * u16 count of inputs, for each u32 operator and its type, then by class. A type is u8 dtype, u8 rank, u32 each dimension.
 */
import { type Hash, InputError } from '@cairn/primitives'
import type { DType, TensorType } from '../tensor-type.ts'
import { type ByteReader, bigEndian, byteReader } from './big-endian.ts'
import type { JudgedClass, JudgedInput, JudgedOperator } from './judged-operator.ts'

const OPERATOR_LEAF = 1
const HASH_BYTES = 32
const dtypes: readonly DType[] = ['f32', 'i32', 'mx8', 'mx12']

/** Classes in the order of their codes, and how many inputs each has. */
const arities: Readonly<Record<JudgedClass, number | 'any'>> = {
  input: 0,
  constant: 0,
  reshape: 1,
  map: 'any',
  quantise: 1,
  dequantise: 1,
  contract: 2,
  sum: 1,
  maximum: 1,
  scatterAdd: 2,
}
const classes = Object.keys(arities) as JudgedClass[]

const typeBytes = ({ dtype, shape }: TensorType) => [
  dtypes.indexOf(dtype),
  shape.length,
  ...shape.flatMap(n => bigEndian(n, 4)),
]

function classBytes(operator: JudgedOperator): readonly number[] {
  if (operator.class === 'constant') return [...operator.root]
  if (operator.class === 'map') return [...operator.codeHash]
  if (operator.class === 'quantise') return [operator.fixed]
  return 'from' in operator ? [operator.from, operator.to] : []
}

/** Encodes a judged operator; the two sources of an input follow after it. */
export function encodeJudgedOperator(operator: JudgedOperator): Uint8Array {
  return Uint8Array.from([
    OPERATOR_LEAF,
    classes.indexOf(operator.class),
    ...typeBytes(operator),
    ...bigEndian(operator.inputs.length, 2),
    ...operator.inputs.flatMap(input => [...bigEndian(input.operator, 4), ...typeBytes(input)]),
    ...classBytes(operator),
  ])
}

function refused(path: string, expected: string, found: unknown): InputError {
  const fix = 'take the leaf from the program again'
  return new InputError('BadJudgedOperator', 'these bytes describe no operator', {
    path,
    expected,
    found: String(found),
    fix,
  })
}

function readBelow(reader: ByteReader, bound: number, path: string): number {
  const value = reader.unsigned(1)
  if (value >= bound) throw refused(path, `a number below ${bound}`, value)
  return value
}

function readType(reader: ByteReader): TensorType {
  const dtype = dtypes[readBelow(reader, dtypes.length, 'dtype')] as DType
  const shape = Array.from({ length: reader.unsigned(1) }, () => reader.unsigned(4))
  if (shape.length === 0 || shape.includes(0)) throw refused('shape', 'axes of one element or more', `[${shape}]`)
  return { dtype, shape }
}

const readInput = (reader: ByteReader): JudgedInput => ({ operator: reader.unsigned(4), ...readType(reader) })

function readClass(reader: ByteReader, name: JudgedClass, plain: TensorType & { inputs: JudgedInput[] }) {
  if (name === 'constant') return { class: name, ...plain, root: reader.bytes(HASH_BYTES) as Hash }
  if (name === 'map') return { class: name, ...plain, codeHash: reader.bytes(HASH_BYTES) as Hash }
  if (name === 'quantise') return { class: name, ...plain, fixed: readBelow(reader, 2, 'fixed') as 0 | 1 }
  if (name !== 'sum' && name !== 'maximum') return { class: name, ...plain }
  const [from, to] = [reader.unsigned(1), reader.unsigned(1)]
  const rank = (plain.inputs[0] as JudgedInput).shape.length
  if (from >= to || to > rank) throw refused('axes', `ascending axes up to ${rank}`, `${from} to ${to}`)
  return { class: name, ...plain, from, to }
}

/** Decodes a judged operator and tells how many bytes it took. Throws `InputError` (`BadJudgedOperator`) on others. */
export function decodeJudgedOperator(bytes: Uint8Array): {
  readonly operator: JudgedOperator
  readonly bytesRead: number
} {
  const reader = byteReader(bytes, 'BadJudgedOperator')
  const kind = reader.unsigned(1)
  if (kind !== OPERATOR_LEAF) throw refused('leaf', `an operator's leaf, ${OPERATOR_LEAF}`, kind)
  const name = classes[readBelow(reader, classes.length, 'class')] as JudgedClass
  const type = readType(reader)
  const inputs = Array.from({ length: reader.unsigned(2) }, () => readInput(reader))
  const arity = arities[name]
  if (arity !== 'any' && inputs.length !== arity) throw refused('inputs', `${arity} of ${name}`, inputs.length)
  return { operator: readClass(reader, name, { ...type, inputs }), bytesRead: reader.at }
}
