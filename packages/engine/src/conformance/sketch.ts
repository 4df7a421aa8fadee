/** What a conformance case is made with: a graph builder whose inputs get random values as they are declared. */
import { bytesOf } from '../backend.ts'
import { type Graph, type GraphBuilder, graphBuilder, input, type Node, type Tensor } from '../graph.ts'
import type { OperatorAttributes } from '../operators/attributes.ts'
import { encodeQuantised, totalBlocks } from '../quantised-layout.ts'
import {
  BLOCK,
  type DType,
  elementCount,
  mantissaBits,
  type QuantisedDType,
  type Shape,
  SMALLEST_SCALE_EXPONENT,
} from '../tensor-type.ts'
import { floats, integers, type Random, type ValueKind } from './values.ts'

export interface ConformanceCase {
  readonly name: string
  readonly graph: Graph
  readonly inputs: Readonly<Record<string, Uint8Array>>
  /** How often the graph runs; more than once where outputs are carried. */
  readonly steps: number
  /** Finer names where a case joins several. */
  readonly nameOf?: (node: number) => string
}

export interface Sketch {
  readonly builder: GraphBuilder
  readonly r: Random
  /** Declares an f32 input with random values. */
  readonly f32: (shape: Shape, kind?: ValueKind, high?: number) => Tensor
  /** Declares an f32 input of ordinary values but one, at a random place. */
  readonly poisoned: (shape: Shape, poison: number) => Tensor
  /** Declares an i32 input with random values below `bound`, and one at a random place replaced where given. */
  readonly i32: (shape: Shape, bound: number, poison?: number) => Tensor
  /** Declares a quantised input of any mantissas and scale exponents. */
  readonly quantised: (shape: Shape, width: QuantisedDType) => Tensor
  readonly key: () => Tensor
}

/** Builds what a case computes. `size` is the interesting dimension. */
export type Make = (s: Sketch, size: number) => Tensor

export const oneOf = <T>(r: Random, values: readonly T[]): T => values[r.below(values.length)] as T

/** Scale exponents from the smallest to those of products that stay in the domain. */
const SCALE_EXPONENTS = 62

/** Random canonical bytes: rows shorter than their blocks are padded with zero mantissas. */
function quantisedBytes(r: Random, shape: Shape, width: QuantisedDType): Uint8Array {
  const length = shape.at(-1) as number
  const limit = 2 ** (mantissaBits[width] - 1) - 1
  const rowBlocks = totalBlocks(shape) / (elementCount(shape) / length)
  const mantissas = Int16Array.from({ length: totalBlocks(shape) * BLOCK }, (_, i) =>
    i % (rowBlocks * BLOCK) < length ? r.below(2 * limit + 1) - limit : 0,
  )
  const exponents = Int8Array.from(
    { length: totalBlocks(shape) },
    () => SMALLEST_SCALE_EXPONENT + r.below(r.below(2) === 0 ? 3 : SCALE_EXPONENTS),
  )
  return encodeQuantised(width, { mantissas, exponents })
}

function replaceOne<T extends Float32Array | Int32Array>(r: Random, values: T, poison: number | undefined): T {
  if (poison !== undefined) values[r.below(values.length)] = poison
  return values
}

/** Starts an empty sketch. */
export function sketch(r: Random): Sketch & { readonly inputs: Record<string, Uint8Array> } {
  const builder = graphBuilder()
  const inputs: Record<string, Uint8Array> = {}
  const declare = (shape: Shape, dtype: DType, bytes: Uint8Array) => {
    const name = `x${Object.keys(inputs).length}`
    inputs[name] = bytes
    return input(builder, name, shape, dtype)
  }
  const f32 = (shape: Shape, kind: ValueKind, high: number, poison?: number) =>
    declare(shape, 'f32', bytesOf(replaceOne(r, floats(r, elementCount(shape), kind, high), poison)))
  return {
    builder,
    r,
    inputs,
    f32: (shape, kind = 'wide', high = 20) => f32(shape, kind, high),
    poisoned: (shape, poison) => f32(shape, 'ordinary', 4, poison),
    i32: (shape, bound, poison) =>
      declare(shape, 'i32', bytesOf(replaceOne(r, integers(r, elementCount(shape), bound), poison))),
    quantised: (shape, width) => declare(shape, width, quantisedBytes(r, shape, width)),
    key: () => declare([3], 'i32', bytesOf(integers(r, 3, 2 ** 31))),
  }
}

/** Finishes a case of one run. */
export function caseOf(
  name: string,
  r: Random,
  make: (s: Sketch) => Readonly<Record<string, Tensor>>,
): ConformanceCase {
  const s = sketch(r)
  const graph = s.builder.finish(make(s))
  return { name, graph, inputs: usedInputs(graph, s.inputs), steps: 1 }
}

/** Leaves out the inputs that no output needs. */
export function usedInputs(graph: Graph, inputs: Record<string, Uint8Array>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => graph.inputs[name] !== undefined))
}

/** Renames an input, so that inputs of several cases can stand side by side. */
function renamedNode(node: Node, id: number, first: number, rename: (name: string) => string): Node {
  const inputs = node.inputs.map(i => first + i)
  if (node.operator !== 'input') return { ...node, id, inputs }
  const attributes = node.attributes as OperatorAttributes['input']
  return { ...node, id, inputs, attributes: { ...attributes, name: rename(attributes.name) } }
}

/** Runs several cases as one graph, whose outputs have the cases' names. */
export function joinCases(name: string, cases: readonly ConformanceCase[]): ConformanceCase {
  const nodes: Node[] = []
  const owners: string[] = []
  const inputs: Record<string, number> = {}
  const outputs: Record<string, number> = {}
  const bytes: Record<string, Uint8Array> = {}
  for (const c of cases) {
    const first = nodes.length
    const rename = (own: string) => `${c.name}:${own}`
    for (const node of c.graph.nodes) {
      nodes.push(renamedNode(node, nodes.length, first, rename))
      owners.push(c.name)
    }
    for (const [own, id] of Object.entries(c.graph.inputs)) inputs[rename(own)] = first + id
    for (const [own, id] of Object.entries(c.graph.outputs)) outputs[rename(own)] = first + id
    for (const [own, value] of Object.entries(c.inputs)) bytes[rename(own)] = value
  }
  const graph: Graph = { nodes, inputs, outputs, carries: {} }
  return { name, graph, inputs: bytes, steps: 1, nameOf: node => owners[node] as string }
}
