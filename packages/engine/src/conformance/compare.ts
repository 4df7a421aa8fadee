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

/** What one run of a case must give: every operator's bytes in program order, up to the one that diverged. */
interface ExpectedRun {
  readonly result: RunResult
  readonly visits: readonly Visited[]
}

type Visited = readonly [node: number, bytes: Uint8Array]

/** A case with what the defining backend made of it, so that several compilations can be held to it. */
export interface Expectation {
  readonly case: ConformanceCase
  readonly runs: readonly ExpectedRun[]
}

function writeInputs(executable: Executable, { inputs }: ConformanceCase): void {
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
}

function observe(executable: Executable): ExpectedRun {
  const visits: Visited[] = []
  const result = executable.run((node, bytes) => visits.push([node, bytes.slice()]))
  return { result, visits }
}

/** Runs a case on the defining backend; the runs end with the first that diverges. */
export async function expectationOf(c: ConformanceCase, defining: Backend): Promise<Expectation> {
  const executable = await defining.compile(c.graph, { lowering: 'unfused' })
  try {
    writeInputs(executable, c)
    const runs: ExpectedRun[] = []
    while (runs.length < c.steps && runs.at(-1)?.result.ok !== false) runs.push(observe(executable))
    return { case: c, runs }
  } finally {
    await executable.close()
  }
}

const firstByte = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length ? a.findIndex((byte, i) => byte !== b[i]) : Math.min(a.length, b.length)

/** What can be read after a run, and the operator that it must equal: outputs, and carried inputs with new values. */
function readable({ outputs, carries }: Graph): (readonly [name: string, node: number])[] {
  const carried = Object.entries(carries).map(([to, from]) => [to, outputs[from] as number] as const)
  return [...Object.entries(outputs), ...carried]
}

const isFused = ({ lowering = 'fused' }: CompileOptions) => lowering === 'fused'
const describe = ({ lowering = 'fused', threads = 1 }: CompileOptions) => `${lowering}, threads: ${threads}`

function report({ case: c }: Expectation, options: CompileOptions, node: number, detail: string): Difference {
  const { operator } = c.graph.nodes[node] as Node
  return { case: c.nameOf?.(node) ?? c.name, options: describe(options), node, operator, detail }
}

/** Compares whether and where a run diverged; a fused run need not know where. */
function compareResults(e: Expectation, options: CompileOptions, expected: RunResult, actual: RunResult): Difference[] {
  if (expected.ok && actual.ok) return []
  if (!expected.ok && !actual.ok && (isFused(options) || expected.operator === actual.operator)) return []
  const blamed = (expected.ok ? (actual as { operator?: number }).operator : expected.operator) ?? 0
  return [report(e, options, blamed, `${JSON.stringify(expected)}, not ${JSON.stringify(actual)}`)]
}

/** Compares bytes with what an operator gave. */
function compareBytes(
  e: Expectation,
  options: CompileOptions,
  node: number,
  expected: Uint8Array,
  actual: Uint8Array,
): Difference[] {
  const at = firstByte(expected, actual)
  if (at < 0) return []
  return [report(e, options, node, `byte ${at} of ${expected.length}: ${expected[at]}, not ${actual[at]}`)]
}

/** Compares what a visitor saw: the same operators in the same order, with the same bytes. */
function compareVisits(e: Expectation, options: CompileOptions, expected: ExpectedRun, actual: ExpectedRun) {
  for (const [index, [node, bytes]] of expected.visits.entries()) {
    const [seen, found] = actual.visits[index] ?? []
    if (seen !== node || found === undefined) return [report(e, options, node, `visited ${seen ?? 'nothing'} instead`)]
    const differences = compareBytes(e, options, node, bytes, found)
    if (differences.length > 0) return differences
  }
  const [extra] = actual.visits[expected.visits.length] ?? []
  return extra === undefined ? [] : [report(e, options, extra, 'visited after the end')]
}

function compareReads(e: Expectation, options: CompileOptions, run: ExpectedRun, executable: Executable): Difference[] {
  if (!run.result.ok) return []
  for (const [name, node] of readable(e.case.graph)) {
    const [, expected] = run.visits[node] as Visited
    const differences = compareBytes(e, options, node, expected, executable.read(name))
    if (differences.length > 0) return differences
  }
  return []
}

/** Runs once more; an unfused run is visited. */
function compareRun(e: Expectation, options: CompileOptions, run: ExpectedRun, executable: Executable): Difference[] {
  const actual = isFused(options) ? { result: executable.run(), visits: [] } : observe(executable)
  const results = compareResults(e, options, run.result, actual.result)
  if (results.length > 0) return results
  const visits = isFused(options) ? [] : compareVisits(e, options, run, actual)
  return visits.length > 0 ? visits : compareReads(e, options, run, executable)
}

/** Runs a case on a backend and returns the first difference from what is expected, if any. */
export async function compare(e: Expectation, backend: Backend, options: CompileOptions = {}): Promise<Difference[]> {
  const executable = await backend.compile(e.case.graph, options)
  try {
    writeInputs(executable, e.case)
    for (const run of e.runs) {
      const found = compareRun(e, options, run, executable)
      if (found.length > 0) return found
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
