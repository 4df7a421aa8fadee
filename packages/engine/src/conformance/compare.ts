/** Runs a case on the backend that defines the bits, then on the one under test, and compares bit for bit. */
import type { Backend, CompileOptions, Executable, RunResult } from '../backend.ts'
import type { Graph, Node } from '../graph.ts'
import type { ConformanceCase } from './sketch.ts'

export interface Difference {
  readonly case: string
  /** How the backend was asked to compile: lowering and threads. */
  readonly options: string
  /** Node id and operator whose output differs first. */
  readonly node: number
  readonly operator: string
  readonly detail: string
}

/** What one run of a case must give: every operator's bytes, up to the one that diverged. */
interface ExpectedRun {
  readonly result: RunResult
  readonly values: readonly Uint8Array[]
}

/** A case with what the defining backend made of it, so that several compilations can be held to it. */
export interface Expectation {
  readonly case: ConformanceCase
  readonly runs: readonly ExpectedRun[]
}

function writeInputs(executable: Executable, { inputs }: ConformanceCase): void {
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
}

function observe(executable: Executable, { nodes }: Graph): ExpectedRun {
  const result = executable.run()
  const known = result.ok ? nodes : nodes.slice(0, (result.operator as number) + 1)
  return { result, values: known.map(node => executable.traced(node.id).slice()) }
}

/** Runs a case on the defining backend; the runs end with the first that diverges. */
export async function expectationOf(c: ConformanceCase, defining: Backend): Promise<Expectation> {
  const executable = await defining.compile(c.graph, { lowering: 'traced' })
  try {
    writeInputs(executable, c)
    const runs: ExpectedRun[] = []
    while (runs.length < c.steps && runs.at(-1)?.result.ok !== false) runs.push(observe(executable, c.graph))
    return { case: c, runs }
  } finally {
    await executable.close()
  }
}

const firstByte = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length ? a.findIndex((byte, i) => byte !== b[i]) : Math.min(a.length, b.length)

/** Ids that can be read back, with how: every operator when traced, else outputs and carried inputs. */
function readable(graph: Graph, executable: Executable, traced: boolean): readonly [number, () => Uint8Array][] {
  if (traced) return graph.nodes.map(({ id }) => [id, () => executable.traced(id)])
  const names = [
    ...Object.entries(graph.outputs),
    ...Object.keys(graph.carries).map(n => [n, graph.inputs[n]] as const),
  ]
  return names.map(([name, id]) => [id as number, () => executable.read(name)])
}

const describe = ({ lowering = 'fused', threads = 1 }: CompileOptions) => `${lowering}, threads: ${threads}`

function report({ case: c }: Expectation, options: CompileOptions, node: number, detail: string): Difference {
  const { operator } = c.graph.nodes[node] as Node
  return { case: c.nameOf?.(node) ?? c.name, options: describe(options), node, operator, detail }
}

/** Compares whether and where a run diverged; a fused run need not know where. */
function compareResults(e: Expectation, options: CompileOptions, expected: RunResult, actual: RunResult): Difference[] {
  const fused = (options.lowering ?? 'fused') === 'fused'
  if (expected.ok && actual.ok) return []
  if (!expected.ok && !actual.ok && (fused || expected.operator === actual.operator)) return []
  const blamed = (expected.ok ? (actual as { operator?: number }).operator : expected.operator) ?? 0
  return [report(e, options, blamed, `${JSON.stringify(expected)}, not ${JSON.stringify(actual)}`)]
}

function compareValues(
  e: Expectation,
  options: CompileOptions,
  run: ExpectedRun,
  executable: Executable,
): Difference[] {
  const traced = options.lowering === 'traced'
  if (!run.result.ok && !traced) return []
  for (const [node, read] of readable(e.case.graph, executable, traced)) {
    const expected = run.values[node]
    if (expected === undefined) continue // after the operator that diverged
    const actual = read()
    const at = firstByte(expected, actual)
    if (at >= 0)
      return [report(e, options, node, `byte ${at} of ${expected.length}: ${expected[at]}, not ${actual[at]}`)]
  }
  return []
}

/** Runs a case on a backend and returns the first difference from what is expected, if any. */
export async function compare(e: Expectation, backend: Backend, options: CompileOptions = {}): Promise<Difference[]> {
  const executable = await backend.compile(e.case.graph, options)
  try {
    writeInputs(executable, e.case)
    for (const run of e.runs) {
      const found = compareResults(e, options, run.result, executable.run())
      if (found.length > 0) return found
      const values = compareValues(e, options, run, executable)
      if (values.length > 0) return values
    }
    return []
  } finally {
    await executable.close()
  }
}

/** Runs a case on both backends and returns what differs. */
export async function checkCase(
  c: ConformanceCase,
  expected: Backend,
  actual: Backend,
  options: CompileOptions = {},
): Promise<Difference[]> {
  return compare(await expectationOf(c, expected), actual, options)
}
