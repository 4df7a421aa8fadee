/** Whole graphs as vectors: every operator's bytes after every run, so that any lowering can be held to them. */
import type { Backend, Executable } from '../../backend.ts'
import { type Graph, graphBuilder, type Node, type Tensor } from '../../graph.ts'
import type { OperatorAttributes, OperatorName } from '../../operators/attributes.ts'
import type { DType, Shape } from '../../tensor-type.ts'
import { type Sketch, sketch, usedInputs } from '../sketch.ts'
import { random } from '../values.ts'
import { bytes, readBytes } from './notation.ts'

/** An operator: name, attributes, numbers of its inputs, dtype, shape. */
type WrittenNode = readonly [OperatorName, object, readonly number[], DType, Shape]

export interface GraphVector {
  readonly name: string
  readonly nodes: readonly WrittenNode[]
  readonly outputs: Readonly<Record<string, number>>
  readonly carries: Readonly<Record<string, string>>
  readonly inputs: Readonly<Record<string, string>>
  readonly runs: readonly GraphRun[]
}

interface GraphRun {
  /** Number of the operator that raised `diverged`; the values end before it, or with it where it is an output. */
  readonly diverged: number | null
  readonly values: readonly string[]
}

const write = ({ operator, attributes, inputs, dtype, shape }: Node): WrittenNode => [
  operator,
  attributes,
  inputs,
  dtype,
  shape,
]

/** No visitor sees the operator that diverged, but its elements are defined, and an output can be read. */
function runOnce(executable: Executable, { outputs }: Graph): GraphRun {
  const values: string[] = []
  const result = executable.run((_, value) => values.push(bytes(value)))
  if (result.ok) return { diverged: null, values }
  const diverged = result.operator as number
  const shown = Object.keys(outputs).filter(name => outputs[name] === diverged)
  return { diverged, values: [...values, ...shown.map(name => bytes(executable.read(name)))] }
}

/** Runs a graph on a backend and writes what it gave. The backend must know which operator diverged. */
async function graphVector(
  backend: Backend,
  name: string,
  graph: Graph,
  inputs: Readonly<Record<string, Uint8Array>>,
  runs: number,
): Promise<GraphVector> {
  const executable = await backend.compile(graph, { lowering: 'unfused' })
  try {
    for (const [input, value] of Object.entries(inputs)) executable.write(input, value)
    const done: GraphRun[] = []
    while (done.length < runs && (done.at(-1)?.diverged ?? null) === null) done.push(runOnce(executable, graph))
    const written = Object.fromEntries(Object.entries(inputs).map(([input, value]) => [input, bytes(value)]))
    const { outputs, carries } = graph
    return { name, nodes: graph.nodes.map(write), outputs, carries, inputs: written, runs: done }
  } finally {
    await executable.close()
  }
}

/** What a case's graph computes, by output name, and the inputs that take over an output after each run. */
export interface Made {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly carries?: Readonly<Record<string, string>>
}

/** A vector whose graph is written against a sketch, with values from a seed. */
export async function sketchedVector(
  backend: Backend,
  name: string,
  seed: number,
  make: (s: Sketch) => Made,
  runs = 1,
): Promise<GraphVector> {
  const s = sketch(random(seed))
  const { outputs, carries = {} } = make(s)
  const graph = s.builder.finish(outputs, carries)
  return graphVector(backend, name, graph, usedInputs(graph, s.inputs), runs)
}

/** Reads the graph of a vector; node numbers stay as they are written. */
export function graphOf({ nodes, outputs, carries }: GraphVector): Graph {
  const builder = graphBuilder()
  const tensors: Tensor[] = []
  for (const [operator, attributes, inputs] of nodes) {
    tensors.push(
      builder.apply(
        operator,
        inputs.map(i => tensors[i] as Tensor),
        attributes as OperatorAttributes[typeof operator],
      ),
    )
  }
  const named = Object.fromEntries(Object.entries(outputs).map(([name, id]) => [name, tensors[id] as Tensor]))
  return builder.finish(named, carries)
}

/** Runs a vector's graph again on any backend; the result equals the vector when the backend conforms. */
export async function replay(backend: Backend, vector: GraphVector): Promise<GraphVector> {
  const inputs = Object.fromEntries(Object.entries(vector.inputs).map(([name, text]) => [name, readBytes(text)]))
  return graphVector(backend, vector.name, graphOf(vector), inputs, vector.runs.length)
}
