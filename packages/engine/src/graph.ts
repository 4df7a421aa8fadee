/**
 * The training graph: operators in SSA form. Program order is the order of the nodes; it is what traces are numbered
 * by and where `diverged` is decided. A builder shares equal nodes, so that a tensor is quantised once.
 */
import { InputError, InternalError } from '@cairn/primitives'
import type { OperatorAttributes, OperatorName } from './operators/attributes.ts'
import { checkLegality } from './operators/legality.ts'
import { type ShapeRule, shapeRules } from './operators/shapes.ts'
import type { DType, Shape, TensorType } from './tensor-type.ts'

export interface Node<N extends OperatorName = OperatorName> extends TensorType {
  readonly id: number
  readonly operator: N
  readonly attributes: OperatorAttributes[N]
  /** Ids of earlier nodes. */
  readonly inputs: readonly number[]
}

export interface Graph {
  readonly nodes: readonly Node[]
  /** Node id of every named input. */
  readonly inputs: Readonly<Record<string, number>>
  /** Node id of every named output. */
  readonly outputs: Readonly<Record<string, number>>
  /** After a run, the value of the output becomes that of the input: how parameters and moments advance. */
  readonly carries: Readonly<Record<string, string>>
}

/** A value in a graph under construction. */
export interface Tensor extends TensorType {
  readonly builder: GraphBuilder
  readonly id: number
}

export interface GraphBuilder {
  apply<N extends OperatorName>(operator: N, inputs: readonly Tensor[], attributes: OperatorAttributes[N]): Tensor
  node(id: number): Node
  readonly size: number
  /** Freezes the graph, without the nodes that no output needs. */
  finish(outputs: Readonly<Record<string, Tensor>>, carries?: Readonly<Record<string, string>>): Graph
}

function reachable(nodes: readonly Node[], roots: readonly number[]): Set<number> {
  const seen = new Set(roots)
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (seen.has(id)) for (const input of (nodes[id] as Node).inputs) seen.add(input)
  }
  return seen
}

/** Drops unneeded nodes and numbers the rest without gaps; inputs that carry state are kept by their outputs. */
function compact(nodes: readonly Node[], outputs: Record<string, number>, carries: Record<string, string>): Graph {
  const kept = reachable(nodes, Object.values(outputs))
  const renumbered = new Map<number, number>()
  const result: Node[] = []
  const inputs: Record<string, number> = {}
  for (const node of nodes) {
    if (!kept.has(node.id)) continue
    const id = result.length
    renumbered.set(node.id, id)
    result.push(Object.freeze({ ...node, id, inputs: node.inputs.map(i => renumbered.get(i) as number) }))
    if (node.operator !== 'input') continue
    const { name } = node.attributes as OperatorAttributes['input']
    if (inputs[name] !== undefined)
      throw new InternalError('DuplicateInput', `two inputs of other types are named ${name}`)
    inputs[name] = id
  }
  const outputIds = Object.fromEntries(
    Object.entries(outputs).map(([name, id]) => [name, renumbered.get(id) as number]),
  )
  return checkCarries(Object.freeze({ nodes: result, inputs, outputs: outputIds, carries }))
}

const typeText = ({ dtype, shape }: TensorType) => `${dtype}[${shape.join()}]`

/** The input that a node views through reshapes only, by name. */
function viewedInput(nodes: readonly Node[], id: number): string | undefined {
  const { operator, inputs, attributes } = nodes[id] as Node
  if (operator === 'reshape') return viewedInput(nodes, inputs[0] as number)
  return operator === 'input' ? (attributes as OperatorAttributes['input']).name : undefined
}

/** A carry needs an input and an output of one type; and no other output may show the input, which is overwritten. */
function checkCarries(graph: Graph): Graph {
  for (const [to, from] of Object.entries(graph.carries)) {
    const [target, origin] = [graph.nodes[graph.inputs[to] as number], graph.nodes[graph.outputs[from] as number]]
    if (target === undefined) throw new InternalError('UnusedCarry', `the carried input ${to} is not used`)
    if (origin === undefined) throw new InternalError('UnknownCarry', `${to} is carried from ${from}, no output`)
    if (typeText(target) !== typeText(origin)) {
      const types = { expected: typeText(target), found: typeText(origin) }
      throw new InternalError('CarryMismatch', `${to} cannot be carried from ${from}`, types)
    }
  }
  for (const [name, id] of Object.entries(graph.outputs)) {
    const shown = viewedInput(graph.nodes, id)
    if (shown === undefined || !(shown in graph.carries) || graph.carries[shown] === name) continue
    const fix = 'compute a copy, or read the input before the run'
    throw new InternalError('AliasedCarry', `output ${name} shows the carried input ${shown}, which changes`, { fix })
  }
  return graph
}

/** Applies the shape rule, which does not know its operator's name; an error should. */
function typeOf<N extends OperatorName>(operator: N, inputs: readonly Tensor[], attributes: OperatorAttributes[N]) {
  try {
    return (shapeRules[operator] as ShapeRule<N>)(inputs, attributes)
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    const { code, expected = '', found = '', fix = '' } = cause
    throw new InputError(code, `${operator} takes ${expected}, not ${found}`, { expected, found, fix, cause })
  }
}

/** Starts an empty graph. */
export function graphBuilder(): GraphBuilder {
  const nodes: Node[] = []
  const known = new Map<string, number>()
  const builder: GraphBuilder = {
    apply(operator, inputs, attributes) {
      const ids = inputs.map(t => t.id)
      const key = `${operator}|${ids.join()}|${JSON.stringify(attributes)}`
      let id = known.get(key)
      if (id === undefined) {
        const type = typeOf(operator, inputs, attributes)
        checkLegality(operator, attributes, type)
        id = nodes.length
        nodes.push({ id, operator, attributes, inputs: ids, dtype: type.dtype, shape: Object.freeze([...type.shape]) })
        known.set(key, id)
      }
      return tensorOf(builder, nodes[id] as Node)
    },
    node: id => nodes[id] as Node,
    get size() {
      return nodes.length
    },
    finish(outputs, carries = {}) {
      const ids = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.id]))
      return compact(nodes, ids, { ...carries })
    },
  }
  return builder
}

/** Wraps a node of the builder as a value to compute with. */
export function tensorOf(builder: GraphBuilder, node: Node): Tensor {
  return { builder, id: node.id, dtype: node.dtype, shape: node.shape }
}

/** Declares a named input. Shape in elements; an i32 input carries token ids, positions or keys. */
export function input(builder: GraphBuilder, name: string, shape: Shape, dtype: DType = 'f32'): Tensor {
  return builder.apply('input', [], { name, dtype, shape })
}
