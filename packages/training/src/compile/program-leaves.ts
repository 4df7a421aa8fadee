/**
 * The leaves under a program's root: `u16 length ‖ judged ‖ described`. A contract reads the judged bytes, which follow
 * from the graphs, the specification, the model and the data's size; nodes read the described ones, canonical CBOR.
 * SPEC: docs/spec/program.md. Not here: the values of constants, which travel beside the leaves.
 */
import { encodeJudgedOperator, type Graph, judgeable, type Node } from '@cairn/engine'
import { concat, encodeCanonical, type HashFunction } from '@cairn/primitives'
import { type GraphName, graphNames, perGraph } from './graph-names.ts'
import {
  type CompiledJob,
  type GraphSources,
  graphSources,
  type InputSources,
  type SlotSource,
} from './graph-sources.ts'
import { packedReader, sized, unsigned } from './packed.ts'
import { encodeSource, statePrefix } from './sources.ts'

/** First bytes of judged leaves; an operator's, 1, is written by the engine. */
const CONTENTS_LEAF = 0
export const SLOT_LEAF = 2

const NOTHING = new Uint8Array()

/** The leaves of a state at a run's end: its slots. */
interface TargetPlace {
  readonly firstSlot: number
  readonly slots: number
}

/** Where a graph stands among a program's leaves. */
interface GraphPlace {
  /** The leaf with its names. */
  readonly head: number
  readonly firstOperator: number
  readonly operators: number
  readonly targets: readonly TargetPlace[]
}

export interface ProgramLeaves {
  readonly leaves: readonly Uint8Array[]
  readonly places: Readonly<Record<GraphName, GraphPlace>>
}

const leafOf = (judged: Uint8Array, described: Uint8Array): Uint8Array => concat(sized(judged), described)

/** Cuts a leaf into its parts. Throws a `RangeError` on bytes that are too short for it. */
export function leafParts(leaf: Uint8Array): { readonly judged: Uint8Array; readonly described: Uint8Array } {
  const reader = packedReader(leaf)
  const judged = reader.sized()
  return { judged, described: reader.bytes(reader.left) }
}

const describedHead = (name: GraphName, { nodes, inputs, outputs, carries }: Graph): Uint8Array =>
  encodeCanonical(['cairn/graph/v2', name, nodes.length, inputs, outputs, carries])

/** A constant's values are not described: its judged bytes hold their root. */
function describedAttributes({ operator, attributes }: Node): unknown {
  if (operator !== 'constant') return attributes
  const { dtype, shape } = attributes as { readonly dtype: string; readonly shape: readonly number[] }
  return { dtype, shape }
}

const describedOperator = (node: Node): Uint8Array =>
  encodeCanonical([node.id, node.operator, describedAttributes(node), node.inputs, node.dtype, node.shape])

/** What nodes read of a graph, one part a leaf: its names, then its operators. */
export const describedGraph = (name: GraphName, graph: Graph): Uint8Array[] => [
  describedHead(name, graph),
  ...graph.nodes.map(describedOperator),
]

function judgedOperator(graph: Graph, node: Node, { inputs }: GraphSources, hash: HashFunction): Uint8Array {
  const plain = encodeJudgedOperator(judgeable(graph, node, hash))
  if (node.operator !== 'input') return plain
  const { first, later } = inputs[(node.attributes as { readonly name: string }).name] as InputSources
  return concat(plain, encodeSource(first), encodeSource(later))
}

const judgedSlot = ({ slot, source }: SlotSource): Uint8Array =>
  concat(unsigned(SLOT_LEAF, 1), sized(statePrefix(slot)), encodeSource(source))

function graphLeaves(name: GraphName, graph: Graph, sources: GraphSources, hash: HashFunction): Uint8Array[] {
  const [head, ...operators] = describedGraph(name, graph) as [Uint8Array, ...Uint8Array[]]
  const judged = graph.nodes.map(node => judgedOperator(graph, node, sources, hash))
  return [
    leafOf(NOTHING, head),
    ...operators.map((described, i) => leafOf(judged[i] as Uint8Array, described)),
    ...sources.targets.flat().map(slot => leafOf(judgedSlot(slot), NOTHING)),
  ]
}

/** How many operators a graph has, and slots each of its targets. */
export interface GraphCounts {
  readonly operators: number
  readonly slots: readonly number[]
}

/** Finds where graphs stand; leaf 0 is the contents. */
export function placesOf(counts: Readonly<Record<GraphName, GraphCounts>>): ProgramLeaves['places'] {
  let at = 1
  return perGraph(name => {
    const { operators, slots } = counts[name]
    const head = at
    at += 1 + operators
    const targets = slots.map(count => {
      at += count
      return { firstSlot: at - count, slots: count }
    })
    return { head, firstOperator: head + 1, operators, targets }
  })
}

function judgedContents(places: ProgramLeaves['places']): Uint8Array {
  const graphs = graphNames.map(name => {
    const { firstOperator, operators, targets } = places[name]
    const slots = targets.flatMap(target => [unsigned(target.firstSlot, 4), unsigned(target.slots, 4)])
    return concat(unsigned(firstOperator, 4), unsigned(operators, 4), unsigned(targets.length, 1), ...slots)
  })
  return concat(unsigned(CONTENTS_LEAF, 1), ...graphs)
}

/** Writes all leaves of a program, in order. */
export function programLeaves(job: CompiledJob, hash: HashFunction): ProgramLeaves {
  const sources = perGraph(name => graphSources(job, name, hash))
  const places = placesOf(
    perGraph(name => ({
      operators: job.graphs[name].nodes.length,
      slots: sources[name].targets.map(target => target.length),
    })),
  )
  const graphs = graphNames.flatMap(name => graphLeaves(name, job.graphs[name], sources[name], hash))
  return { leaves: [leafOf(judgedContents(places), NOTHING), ...graphs], places }
}
