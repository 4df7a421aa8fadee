/**
 * Backend `reference`: plain scalar TypeScript, one operator after another, nothing fused. It is the readable
 * definition that every other backend answers to; it is not meant to be fast.
 */
import { inputCheck } from '../../admissible.ts'
import { assertVisitable, type Backend, bytesOf, type Executable, type Lowering } from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { checkSize, namedNode } from '../../named-tensors.ts'
import type { MapName, OperatorAttributes, OperatorName } from '../../operators/attributes.ts'
import { isSpecial } from '../../operators/operation-counts.ts'
import { elementProgram } from '../../operators/programs.ts'
import {
  allocateQuantised,
  decodeQuantised,
  encodeQuantised,
  type QuantisedValues,
  sizeBytes,
} from '../../quantised-layout.ts'
import { elementCount, isQuantised, type QuantisedDType } from '../../tensor-type.ts'
import { compileMapKernel } from './map-kernel.ts'
import * as quantisation from './quantisation.ts'
import { maximumOf, reduce, scatterAdd, sumInOrder } from './reduction.ts'

type Plain = Float32Array | Int32Array
type Value = Plain | QuantisedValues

/** Runs one operator; returns whether it raised `diverged`. */
type Kernel = () => boolean

interface Wiring<N extends OperatorName> {
  readonly node: Node<N>
  readonly inputs: readonly Node[]
  readonly values: readonly Value[]
  readonly out: Value
}

type KernelMaker<N extends OperatorName> = (wiring: Wiring<N>) => Kernel | undefined

const f32 = (value: Value | undefined) => value as Float32Array
const i32 = (value: Value | undefined) => value as Int32Array
const quantised = (value: Value | undefined) => value as QuantisedValues

/** Views axes [from, to) as the middle of [outer, n, inner]. */
function middle(shape: readonly number[], { from, to }: { from: number; to: number }): readonly [number, number] {
  return [elementCount(shape.slice(from, to)), elementCount(shape.slice(to))]
}

const reduction =
  (combine: (values: Float32Array) => number) =>
  ({ node, inputs, values, out }: Wiring<'sum' | 'maximum'>): Kernel => {
    const view = middle((inputs[0] as Node).shape, node.attributes)
    return () => reduce(combine, f32(values[0]), f32(out), view)
  }

type SpecialName = Exclude<OperatorName, MapName>

const special: { readonly [N in SpecialName]: KernelMaker<N> } = {
  input: () => undefined,
  constant: () => undefined,
  reshape: () => undefined,
  sum: reduction(sumInOrder),
  maximum: reduction(maximumOf),
  scatterAdd:
    ({ node, values, out }) =>
    () =>
      scatterAdd(f32(values[0]), i32(values[1]), f32(out), node.shape[1] as number),
  quantise: ({ node, inputs, values, out }) => {
    const { axis, width, fixed } = node.attributes
    return () =>
      quantisation.quantise(
        f32(values[0]),
        (inputs[0] as Node).shape,
        { axis, width, fixed: fixed === 1 },
        quantised(out),
      )
  },
  dequantise:
    ({ node, values, out }) =>
    () => {
      quantisation.dequantise(quantised(values[0]), node.shape.at(-1) as number, f32(out))
      return false
    },
  contract:
    ({ node, inputs, values, out }) =>
    () => {
      const [a, b] = inputs as [Node, Node]
      return quantisation.contract(quantised(values[0]), a.shape, quantised(values[1]), b.shape, f32(out), node.shape)
    },
}

function mapKernel({ node, inputs, values, out }: Wiring<OperatorName>): Kernel {
  const program = elementProgram(node.operator as MapName, inputs, node, node.attributes as OperatorAttributes[MapName])
  const kernel = compileMapKernel(program, inputs.length, node.shape)
  return () => kernel(values as Plain[], f32(out))
}

function allocate(node: Node, values: readonly Value[]): Value {
  if (node.operator === 'reshape') return values[node.inputs[0] as number] as Value
  if (node.operator === 'constant') {
    const { dtype, values: words } = node.attributes as OperatorAttributes['constant']
    const integers = Int32Array.from(words, word => word | 0)
    return dtype === 'i32' ? integers : new Float32Array(integers.buffer)
  }
  if (isQuantised(node.dtype)) return allocateQuantised(node.shape)
  return node.dtype === 'i32' ? new Int32Array(elementCount(node.shape)) : new Float32Array(elementCount(node.shape))
}

function encode(node: Node, value: Value): Uint8Array {
  return isQuantised(node.dtype) ? encodeQuantised(node.dtype, quantised(value)) : bytesOf(value as Plain)
}

function assign(node: Node, value: Value, bytes: Uint8Array): void {
  if (isQuantised(node.dtype)) {
    const decoded = decodeQuantised(node.dtype as QuantisedDType, node.shape, bytes)
    quantised(value).mantissas.set(decoded.mantissas)
    quantised(value).exponents.set(decoded.exponents)
  } else bytesOf(value as Plain).set(bytes)
}

function compileReference(graph: Graph, lowering: Lowering): Executable {
  const values: Value[] = []
  const kernels: (Kernel | undefined)[] = []
  for (const node of graph.nodes) {
    const out = allocate(node, values)
    values.push(out)
    const inputs = node.inputs.map(id => graph.nodes[id] as Node)
    const wiring = { node, inputs, values: node.inputs.map(id => values[id] as Value), out }
    kernels.push(
      isSpecial(node.operator) ? (special[node.operator] as KernelMaker<OperatorName>)(wiring) : mapKernel(wiring),
    )
  }
  const check = inputCheck()
  const carry = () => {
    for (const [to, from] of Object.entries(graph.carries)) {
      const [target, origin] = [
        graph.nodes[graph.inputs[to] as number] as Node,
        graph.nodes[graph.outputs[from] as number] as Node,
      ]
      assign(target, values[target.id] as Value, encode(origin, values[origin.id] as Value))
    }
  }
  return {
    write(name, bytes) {
      const node = namedNode(graph, name)
      checkSize(node, name, bytes)
      check.wrote(node, bytes)
      assign(node, values[node.id] as Value, bytes)
    },
    read: name => {
      const node = namedNode(graph, name)
      return encode(node, values[node.id] as Value)
    },
    run(visit) {
      assertVisitable(lowering, visit)
      for (const node of graph.nodes) {
        if (check.isBad(node) || kernels[node.id]?.()) return { ok: false, operator: node.id }
        visit?.(node.id, encode(node, values[node.id] as Value))
      }
      carry()
      return { ok: true }
    },
    memoryBytes: graph.nodes.reduce((total, node) => total + sizeBytes(node), 0),
    close: async () => {},
  }
}

/** The backend that defines `cn1`. It always runs operator by operator, and every operator on one thread. */
export const reference: Backend = {
  name: 'reference',
  compile: async (graph, { lowering = 'fused' } = {}) => compileReference(graph, lowering),
}
