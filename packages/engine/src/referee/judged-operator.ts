/**
 * What a contract knows of an operator: its class, its types and what it reads, as packed big-endian bytes in front of
 * the operator's description in its program leaf. SPEC: docs/decisions/0005-proof.md, "Program leaves". All of it follows
 * from the graph. Not here: where an input's tensor comes from (`training` appends those sources).
 */
import { type Hash, type HashFunction, InternalError, leafRoot } from '@cairn/primitives'
import type { Graph, Node } from '../graph.ts'
import type { MapName, OperatorAttributes, OperatorName } from '../operators/attributes.ts'
import { isSpecial } from '../operators/operation-counts.ts'
import { elementProgram } from '../operators/programs.ts'
import type { TensorType } from '../tensor-type.ts'
import { encodeElementProgram } from './element-code.ts'

/** One of the operators' outputs, as another one reads it. */
export interface JudgedInput extends TensorType {
  /** The operator in program order. */
  readonly operator: number
}

interface Judged<Class extends string> extends TensorType {
  readonly class: Class
  readonly inputs: readonly JudgedInput[]
}

interface JudgedConstant extends Judged<'constant'> {
  readonly root: Hash
}
interface JudgedMap extends Judged<'map'> {
  /** SHA-256 of the element code. */
  readonly codeHash: Hash
}
export interface JudgedQuantise extends Judged<'quantise'> {
  /** 1 where every scale exponent is 0. Along the last axis always. */
  readonly fixed: 0 | 1
}
/** Over axes [from, to). */
export interface JudgedReduction extends Judged<'sum' | 'maximum'> {
  readonly from: number
  readonly to: number
}
type JudgedPlain = Judged<'input' | 'reshape' | 'dequantise' | 'contract' | 'scatterAdd'>

export type JudgedOperator = JudgedPlain | JudgedConstant | JudgedMap | JudgedQuantise | JudgedReduction
export type JudgedClass = JudgedOperator['class']

/** An operator whose elements have partial results. */
export type JudgedAccumulation = JudgedReduction | Judged<'contract' | 'scatterAdd'>

const CONSTANT_LEAF_BYTES = 4096

/** SPEC: docs/spec/roots.md. Values are f32 bit patterns or i32. */
function constantRoot(values: readonly number[], hash: HashFunction): Hash {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    view.setInt32(4 * i, value, true)
  })
  return leafRoot(hash, bytes, CONSTANT_LEAF_BYTES)
}

const inputsOf = (graph: Graph, node: Node) => node.inputs.map(id => graph.nodes[id] as Node)

/** Returns the element code of a map operator; whoever proves one of its elements brings it. */
export function elementCode(graph: Graph, node: Node): Uint8Array {
  const attributes = node.attributes as OperatorAttributes[MapName]
  return encodeElementProgram(elementProgram(node.operator as MapName, inputsOf(graph, node), node, attributes))
}

type Plain = Pick<JudgedOperator, 'dtype' | 'shape' | 'inputs'>

/** The last axis alone: a block of any other reads more leaves than a last move may open. */
function judgedQuantise(plain: Plain, { axis, fixed }: OperatorAttributes['quantise']): JudgedQuantise {
  if (axis === -1) return { class: 'quantise', ...plain, fixed }
  throw new InternalError('JudgedTranspose', 'a program quantises along axis -2', {
    expected: 'a permutation, then a quantisation along the last axis',
    fix: 'separate the transposes of a graph before it becomes a program',
  })
}

/** Collects what a contract has to know of one operator. `hash` is SHA-256. */
export function judgeable(graph: Graph, node: Node, hash: HashFunction): JudgedOperator {
  const inputs = inputsOf(graph, node).map(({ id, dtype, shape }) => ({ operator: id, dtype, shape }))
  const plain: Plain = { dtype: node.dtype, shape: node.shape, inputs }
  const name: OperatorName = node.operator
  if (!isSpecial(name)) return { class: 'map', ...plain, codeHash: hash(elementCode(graph, node)) }
  if (name === 'constant') {
    const { values } = node.attributes as OperatorAttributes['constant']
    return { class: name, ...plain, root: constantRoot(values, hash) }
  }
  if (name === 'quantise') return judgedQuantise(plain, node.attributes as OperatorAttributes['quantise'])
  if (name !== 'sum' && name !== 'maximum') return { class: name, ...plain }
  const { from, to } = node.attributes as OperatorAttributes['sum']
  return { class: name, ...plain, from, to }
}
