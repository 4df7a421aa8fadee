/**
 * What a referee computes, on bytes: one element, block or partial result, from the atoms that it reads. An atom that
 * nobody opened is absent, and so is a result that depends on it. The arithmetic is the engine's. SPEC: docs/spec/referee.md.
 */
import {
  blockElements,
  blockOfElement,
  coordinatesOf,
  decodeElementProgram,
  elementReads,
  floatOfBits,
  isAdmissible,
  isIndexOutOfRange,
  type JudgedAccumulation,
  type JudgedOperator,
  judgeDequantised,
  judgeMap,
  judgeQuantisedBlock,
  judgeValue,
  partialCount,
  partialOperands,
  partialValue,
  type QuantisedDType,
  type Shape,
} from '@cairn/engine'
import { equal, type Hash, type HashFunction, hashFromHex, u32le } from '@cairn/primitives'
import { batchOf, isCopiedInput, type JudgedLeaf } from './judged-leaf.ts'
import { type Atoms, atomsOf, wordOf } from './tensor-leaves.ts'

/** An atom of an input: an element, or a block of a quantised one. */
export interface AtomPlace {
  readonly input: number
  readonly index: number
}

/** Reads an atom; undefined when it is absent. */
export type ReadAtom = (input: number, index: number) => Uint8Array | undefined

/** An atom, and whether its computation left the domain. */
export interface Computed {
  readonly bytes: Uint8Array
  readonly diverged: boolean
}

/** One element of an operator, or one block where it is quantised. */
export interface AtomTask {
  readonly hash: HashFunction
  readonly leaf: JudgedLeaf
  /** Element code of a map operator or a batch. */
  readonly code: Uint8Array
  readonly at: number
  /** Of every operand. */
  readonly atoms: readonly Atoms[]
  readonly read: ReadAtom
}

const inputShape = ({ inputs }: JudgedOperator): Shape => inputs[0]?.shape as Shape

/** Hash of the code that computes an operator's elements; undefined where there is none. */
function codeHashOf(leaf: JudgedLeaf): Hash | undefined {
  const batch = batchOf(leaf)
  if (batch !== undefined) return hashFromHex(batch.codeHash)
  return leaf.operator.class === 'map' ? leaf.operator.codeHash : undefined
}

function computeCode({ hash, leaf, code, at, atoms, read }: AtomTask, codeHash: Hash): Computed | undefined {
  if (!equal(hash(code), codeHash)) return undefined
  const counts = atoms.map(({ count }) => count)
  const judged = judgeMap(code, coordinatesOf(at, leaf.operator.shape), counts, (input, index) => {
    const bytes = read(input, index)
    return bytes && wordOf(bytes)
  })
  return judged && { bytes: u32le(judged.bits), diverged: judged.diverged }
}

function computeBlock({ leaf, at, read }: AtomTask): Computed | undefined {
  const { operator } = leaf
  if (operator.class !== 'quantise') return undefined
  const { first, count } = blockElements(inputShape(operator), at)
  const elements = Array.from({ length: count }, (_, i) => read(0, first + i))
  if (elements.includes(undefined)) return undefined
  const { block, diverged } = judgeQuantisedBlock(operator, (elements as Uint8Array[]).map(wordOf))
  return { bytes: block, diverged }
}

function computeDequantised({ leaf, at, read }: AtomTask): Computed | undefined {
  const { block, within } = blockOfElement(leaf.operator.shape, at)
  const bytes = read(0, block)
  const dtype = leaf.operator.inputs[0]?.dtype as QuantisedDType
  return bytes && elementOf(judgeDequantised(dtype, bytes, within))
}

const elementOf = ({ bits, diverged }: { readonly bits: number; readonly diverged: boolean }): Computed => ({
  bytes: u32le(bits),
  diverged,
})

/** What an input copies; one that no operator writes leaves the domain. */
function computeInput({ leaf: { operator }, at, read }: AtomTask): Computed | undefined {
  const bytes = read(0, at)
  return bytes && { bytes, diverged: !isAdmissible(operator, at, bytes) }
}

/** Computes an atom; undefined where one is absent that it depends on, or the operator computes none at once. */
export function computeAtom(task: AtomTask): Computed | undefined {
  const codeHash = codeHashOf(task.leaf)
  if (codeHash !== undefined) return computeCode(task, codeHash)
  const { class: kind } = task.leaf.operator
  if (kind === 'input') return computeInput(task)
  return kind === 'dequantise' ? computeDequantised(task) : computeBlock(task)
}

/** Lists what an atom is computed from: what it depends on, no more. */
export function atomReads(task: AtomTask): readonly AtomPlace[] {
  const { leaf, code, at, atoms, read } = task
  const { operator } = leaf
  if (isCopiedInput(leaf)) return [{ input: 0, index: at }]
  if (operator.class === 'dequantise') return [{ input: 0, index: blockOfElement(operator.shape, at).block }]
  if (operator.class === 'quantise') {
    const { first, count } = blockElements(inputShape(operator), at)
    return Array.from({ length: count }, (_, i) => ({ input: 0, index: first + i }))
  }
  const program = decodeElementProgram(code, { rank: operator.shape.length, inputs: atoms.length })
  const floats = floatInputs(leaf)
  const get = (input: number, index: number): number | undefined => {
    if (index < 0 || index >= (atoms[input] as Atoms).count) return undefined
    const word = wordOf(read(input, index) as Uint8Array)
    return floats[input] ? floatOfBits(word) : word | 0
  }
  return elementReads(program, coordinatesOf(at, operator.shape), { get })
}

/** Which operands of element code are f32. */
const floatInputs = (leaf: JudgedLeaf): readonly boolean[] =>
  (batchOf(leaf)?.operands ?? leaf.operator.inputs).map(({ dtype }) => dtype === 'f32')

const ACCUMULATIONS: ReadonlySet<string> = new Set<JudgedAccumulation['class']>([
  'contract',
  'sum',
  'maximum',
  'scatterAdd',
])

/** Tells whether elements of an operator have partial results. */
export const isAccumulation = (operator: JudgedOperator): operator is JudgedAccumulation =>
  ACCUMULATIONS.has(operator.class)

/** The partial results of an element, as a tensor of f32; of none where an operator has none. */
export const partialAtoms = (operator: JudgedOperator): Atoms => ({
  ...atomsOf({ dtype: 'f32', shape: [1] }),
  count: isAccumulation(operator) ? partialCount(operator) : 0,
})

export interface PartialTask {
  readonly operator: JudgedAccumulation
  readonly element: number
  readonly at: number
  readonly read: ReadAtom
  /** Reads an earlier partial result. */
  readonly partial: (number: number) => number | undefined
}

/** A partial result, and the values that it was computed from. */
interface ComputedPartial {
  readonly bytes: Uint8Array
  readonly operands: readonly (number | Uint8Array)[]
}

/** Computes a partial result from those before it and what it reads; undefined where something is absent. */
export function computePartial({ operator, element, at, read, partial }: PartialTask): ComputedPartial | undefined {
  const values = partialOperands(operator, element, at).map(operand => {
    if (operand.kind === 'zero') return 0
    if (operand.kind === 'partial') return partial(operand.partial)
    const bytes = read(operand.input, operand.index)
    return bytes === undefined || bytes.length > 4 ? bytes : wordOf(bytes)
  })
  if (values.includes(undefined)) return undefined
  const operands = values as (number | Uint8Array)[]
  return { bytes: u32le(partialValue(operator, element, operands)), operands }
}

/** Lists what a partial result is computed from: atoms of inputs, and earlier partial results. */
export function partialReads(operator: JudgedAccumulation, element: number, at: number) {
  const operands = partialOperands(operator, element, at)
  return {
    atoms: operands.flatMap(operand => (operand.kind === 'input' ? [operand as AtomPlace] : [])),
    partials: operands.flatMap(operand => (operand.kind === 'partial' ? [operand.partial] : [])),
  }
}

/** The element that a last partial result makes. */
export const elementOfPartial = (last: Uint8Array): Computed => elementOf(judgeValue(wordOf(last)))

/** Tells whether an index names no row of a scatter-add. */
export const isOutOfRange = (operator: JudgedOperator, index: number): boolean =>
  operator.class === 'scatterAdd' && isIndexOutOfRange(operator, index)
