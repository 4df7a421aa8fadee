/** Runs a case on two backends and compares every operator's bits. */
import type { Backend, CompileOptions, Executable, RunResult } from '../backend.ts'
import type { Graph, Node } from '../graph.ts'
import type { ConformanceCase } from './cases.ts'

export interface Difference {
  readonly case: string
  /** Node id and operator whose output differs first. */
  readonly node: number
  readonly operator: string
  readonly detail: string
}

function firstByte(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 0
  return a.findIndex((byte, i) => byte !== b[i])
}

function sameResult(a: RunResult, b: RunResult): boolean {
  return a.ok === b.ok && (a.ok || b.ok || a.operator === b.operator)
}

/** Compares outputs of two runs; with `every`, all operators' outputs (both must be traced). */
export function compareRuns(name: string, graph: Graph, a: Executable, b: Executable, every: boolean): Difference[] {
  const report = (node: Node, detail: string) => ({ case: name, node: node.id, operator: node.operator, detail })
  const nodes = every ? graph.nodes : Object.values(graph.outputs).map(id => graph.nodes[id] as Node)
  for (const node of nodes) {
    const nameOf = Object.entries(graph.outputs).find(([, id]) => id === node.id)?.[0] as string
    const [x, y] = every ? [a.traced(node.id), b.traced(node.id)] : [a.read(nameOf), b.read(nameOf)]
    const at = firstByte(x, y)
    if (at >= 0) return [report(node, `byte ${at}: ${x[at]} and ${y[at]} (of ${x.length} and ${y.length})`)]
  }
  return []
}

/** Runs one case on `expected` and on `actual` and returns what differs. */
export async function checkCase(
  c: ConformanceCase,
  expected: Backend,
  actual: Backend,
  options: CompileOptions = {},
): Promise<Difference[]> {
  const [a, b] = [await expected.compile(c.graph), await actual.compile(c.graph, options)]
  try {
    for (const [name, bytes] of Object.entries(c.inputs)) for (const executable of [a, b]) executable.write(name, bytes)
    const [first, second] = [a.run(), b.run()]
    const comparable =
      options.lowering === 'fused' || options.lowering === undefined
        ? first.ok === second.ok
        : sameResult(first, second)
    const last = c.graph.nodes.at(-1) as Node
    if (!comparable)
      return [
        {
          case: c.name,
          node: last.id,
          operator: last.operator,
          detail: `${JSON.stringify(first)} and ${JSON.stringify(second)}`,
        },
      ]
    return first.ok ? compareRuns(c.name, c.graph, a, b, options.lowering === 'traced') : []
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}
