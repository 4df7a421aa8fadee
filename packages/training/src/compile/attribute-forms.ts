/**
 * The form of every operator's attributes, for programs that come from elsewhere: the compiler's types say nothing about
 * bytes. A row says which keys there are and what each may hold; whether they suit the inputs is the shape rules' affair.
 */
import { elementCount, type OperatorAttributes, type OperatorName } from '@cairn/engine'

type Form = (value: unknown) => boolean
type Forms = { readonly [N in OperatorName]: { readonly [K in keyof OperatorAttributes[N]]-?: Form } }

/** Sizes that a program from elsewhere may name: far above what any machine holds, far below where products lose bits. */
const MAX_RANK = 8
const MAX_ELEMENTS = 2 ** 31 - 1

const integer =
  (from: number, to: number): Form =>
  value =>
    Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to
const oneOf =
  (...allowed: readonly unknown[]): Form =>
  value =>
    allowed.includes(value)
const listOf =
  (form: Form): Form =>
  value =>
    Array.isArray(value) && value.length <= MAX_RANK && value.every(form)

const word = integer(0, 0xffff_ffff) // f32 bits, or a word of the random generator
const size = integer(1, MAX_ELEMENTS)
const axis = integer(0, MAX_RANK)
const flag = oneOf(0, 1)
const width = oneOf('mx8', 'mx12')
const isShape: Form = value => listOf(size)(value) && elementCount(value as number[]) <= MAX_ELEMENTS
const none = {}

const forms: Forms = {
  add: none,
  subtract: none,
  multiply: none,
  scale: { bits: word },
  offset: { bits: word },
  absolute: none,
  exp: none,
  log: none,
  reciprocal: none,
  reciprocalSquareRoot: none,
  relu: none,
  reluGradient: none,
  gelu: none,
  geluGradient: none,
  silu: none,
  siluGradient: none,
  broadcast: { shape: isShape },
  permute: { order: listOf(axis) },
  gather: none,
  pick: none,
  place: { size },
  stack: none,
  causalMask: { fillBits: word },
  rotary: { inverse: flag },
  replaceRow: none,
  powerOfTwoScale: { width, inverse: flag },
  dropoutMask: { shape: isShape, stream: word, keepBelow: word, scaleBits: word },
  normal: { shape: isShape, stream: word, unitBits: word },
  movingAverage: { decayBits: word, restBits: word },
  movingSquare: { decayBits: word, restBits: word },
  adamw: { epsilonBits: word },
  clipFactor: { maximumBits: word },
  input: { name: value => typeof value === 'string', dtype: oneOf('f32', 'i32', 'mx8', 'mx12'), shape: isShape },
  // As it stands in a program: little-endian words.
  constant: { dtype: oneOf('f32', 'i32'), shape: isShape, values: value => value instanceof Uint8Array },
  reshape: { shape: isShape },
  sum: { from: axis, to: axis },
  maximum: { from: axis, to: axis },
  scatterAdd: { rows: size },
  quantise: { axis: oneOf(-1, -2), width, fixed: flag },
  dequantise: none,
  contract: none,
}

/** Tells whether a text names an operator. */
export const isOperator = (name: unknown): name is OperatorName =>
  typeof name === 'string' && Object.hasOwn(forms, name)

/** Finds the first attribute that is missing, unknown or of another form; undefined when all is well. */
export function wrongAttribute(operator: OperatorName, attributes: object): string | undefined {
  const form = forms[operator] as Readonly<Record<string, Form>>
  const unknown = Object.keys(attributes).find(key => !Object.hasOwn(form, key))
  const values = attributes as Readonly<Record<string, unknown>>
  return unknown ?? Object.keys(form).find(key => !(form[key] as Form)(values[key]))
}

/** Tells whether a value is a shape of bounded size. */
export const isBoundedShape = isShape
