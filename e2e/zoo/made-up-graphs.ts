/**
 * Graphs of a job as a liar needs them: known by their inputs, with outputs made up, with more of them readable.
 * SPEC: docs/spec/program.md for the names of inputs and outputs.
 */
import type { Graph, Node } from '@cairn/engine'
import type { SubjectGraph } from '@cairn/protocol'

/** Tells which graph of a job this is. */
export function graphName({ inputs }: Graph): SubjectGraph {
  const has = (prefix: string) => Object.keys(inputs).some(name => name.startsWith(prefix))
  if (has('unitLoss')) return 'inner'
  if (has('meanLoss')) return 'evaluation'
  if (has('local/')) return 'update'
  return has('momentum/') ? 'outer' : 'initial'
}

/** Input in the place of an operator, and output that shows what it would be. */
export const madeUp = (operator: number): string => `made up/${operator}`
export const honestly = (operator: number): string => `honest/${operator}`

/** Operators that nobody reads any more. A backend refuses to compute for nothing, so they become outputs. */
function unread(nodes: readonly Node[], outputs: Graph['outputs']): [string, number][] {
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...Object.values(outputs)])
  const alone = nodes.filter(({ id, operator }) => operator !== 'input' && !read.has(id))
  return alone.map(({ id }) => [`unread/${id}`, id])
}

/** The graph with operators in whose place an input stands, so that what follows from them is computed. */
export function withMadeUp(graph: Graph, operators: readonly number[]): Graph {
  const nodes = graph.nodes.map((node): Node => {
    if (!operators.includes(node.id)) return node
    const { dtype, shape } = node
    return { ...node, operator: 'input', attributes: { name: madeUp(node.id), dtype, shape }, inputs: [] }
  })
  const inputs = Object.fromEntries(operators.map(id => [madeUp(id), id]))
  const outputs = { ...graph.outputs, ...Object.fromEntries(unread(nodes, graph.outputs)) }
  return { ...graph, nodes, inputs: { ...graph.inputs, ...inputs }, outputs }
}

/** The graph with these operators among its outputs. */
export const withOutputs = (graph: Graph, operators: readonly number[]): Graph => ({
  ...graph,
  outputs: { ...graph.outputs, ...Object.fromEntries(operators.map(id => [honestly(id), id])) },
})
