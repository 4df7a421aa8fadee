/**
 * One operator of one run: its output and what it reads, as bytes. Its elements are computed even when it left the
 * domain, which a run does not show: they are what a defender who says otherwise has to be compared with.
 */
import { type Graph, graphBuilder, input, type Node, reference } from '@cairn/engine'
import { InternalError } from '@cairn/primitives'
import { copyOf } from '../execute/graph-runner.ts'
import type { ReExecution } from './re-execution.ts'

export interface OperatorRun {
  readonly node: Node
  readonly output: Uint8Array
  /** One for each input. */
  readonly inputs: readonly Uint8Array[]
}

/** Computes one operator alone, on the backend that stops for nothing. */
async function outputOf(graph: Graph, node: Node, inputs: readonly Uint8Array[]): Promise<Uint8Array> {
  const builder = graphBuilder()
  const tensors = node.inputs.map((id, i) => {
    const { dtype, shape } = graph.nodes[id] as Node
    return input(builder, String(i), shape, dtype)
  })
  const e = await reference.compile(builder.finish({ output: builder.apply(node.operator, tensors, node.attributes) }))
  inputs.forEach((bytes, i) => {
    e.write(String(i), bytes)
  })
  e.run()
  return copyOf(e.read('output'))
}

/** What an input is given: one that leaves the domain is seen by nobody. */
async function inputOf(work: ReExecution, run: number, operator: number): Promise<Uint8Array> {
  const { inputs } = work.graph.program.graphs[work.graph.graph]
  const given = [...(await work.inputsOf(run))].find(([name]) => inputs[name] === operator)
  if (given === undefined) throw new InternalError('NoInput', `operator ${operator} is given nothing`)
  return given[1]
}

/** Does a run again and keeps one operator's output and inputs. */
export async function operatorRun(work: ReExecution, run: number, operator: number): Promise<OperatorRun> {
  const graph = work.graph.program.graphs[work.graph.graph]
  const node = graph.nodes[operator] as Node
  const wanted = new Set([operator, ...node.inputs])
  const seen = new Map<number, Uint8Array>()
  await work.visit(run, (id, bytes) => {
    if (wanted.has(id)) seen.set(id, copyOf(bytes))
  })
  const inputs = node.inputs.map(id => {
    const bytes = seen.get(id)
    if (bytes === undefined) throw new InternalError('AfterDivergence', `operator ${operator} was not run`)
    return bytes
  })
  const unseen = () => (node.operator === 'input' ? inputOf(work, run, operator) : outputOf(graph, node, inputs))
  return { node, inputs, output: seen.get(operator) ?? (await unseen()) }
}
