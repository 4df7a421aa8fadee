/** The smallest lies: one element of one operator in one step. Where it is decides how long the game about it takes. */
import type { Graph, Node } from '@cairn/engine'
import { type Cheat, middleStep } from './cheat.ts'
import { nextMantissa, nextUp, oneEnlarged } from './words.ts'

const elements = ({ shape }: Node): number => shape.reduce((n, size) => n * size, 1)

type Size = (node: Node, graph: Graph) => number

/** The operator of a kind that is largest; the first of several. */
function most(kind: Node['operator'], size: Size, graph: Graph): number {
  const all = graph.nodes.filter(({ operator }) => operator === kind)
  return all.reduce((a, b) => (size(b, graph) > size(a, graph) ? b : a)).id
}

/** The operator of a kind with the most elements. */
export const largest =
  (kind: Node['operator']) =>
  (graph: Graph): number =>
    most(kind, elements, graph)

/** How much an operator sums up for each of its elements. */
const terms: Size = (node, { nodes }) => elements(nodes[node.inputs[0] as number] as Node) / elements(node)

/** The operator of a kind with the most partial results for each element. */
export const deepest =
  (kind: Node['operator']) =>
  (graph: Graph): number =>
    most(kind, terms, graph)

const inMiddleStep = (
  name: string,
  description: string,
  operator: (graph: Graph) => number,
  change: (honest: Uint8Array) => Uint8Array,
): Cheat => ({
  ...{ name, description, graph: 'inner', firstStep: middleStep },
  lie: (job, graph) => ({
    about: 'outputs',
    isIn: step => step === middleStep(job),
    operators: [operator(graph)],
    needsHonest: true,
    bytesOf: (_, { honest }) => change(honest),
  }),
})

export const oneUlp: Cheat = inMiddleStep(
  'one-ulp',
  'changes one parameter in one step by one unit in its last place',
  largest('adamw'),
  nextUp,
)

const elsewhere = (kind: Node['operator'], operator: (graph: Graph) => number, change = oneEnlarged): Cheat =>
  inMiddleStep(
    `one-element-${kind}`,
    `changes one element of the largest \`${kind}\` of one step, and goes on from it`,
    operator,
    change,
  )

/** One element of operators of other classes, so much that it shows in the end; where trees are deepest. */
export const oneElement: readonly Cheat[] = [
  elsewhere('contract', largest('contract')),
  elsewhere('sum', deepest('sum')),
  elsewhere('maximum', largest('maximum')),
  elsewhere('scatterAdd', largest('scatterAdd')),
  elsewhere('quantise', largest('quantise'), nextMantissa),
]
