/**
 * The conformance suite without a test runner: every operator over random shapes, whole random graphs, cases that
 * leave the domain, in every lowering and on several threads. A backend conforms when nothing differs from
 * `reference`. `cairn doctor` runs the quick subset, the tests the whole.
 */
import { reference } from '../backend/reference/backend.ts'
import type { Backend, CompileOptions } from '../backend.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { separateTransposes } from '../separate-transposes.ts'
import { carryCases } from './carry-cases.ts'
import { makers, operatorCases, quickSizes, wholeSizes } from './cases.ts'
import { compare, type Difference, expectationOf } from './compare.ts'
import { divergingCases } from './diverging-cases.ts'
import { randomGraph } from './random-graphs.ts'
import { type ConformanceCase, joinCases } from './sketch.ts'
import { random } from './values.ts'

export interface ConformanceOptions {
  /** Equal seeds give equal cases. Default 1. */
  readonly seed?: number
  /** A subset that takes about two seconds. Default false. */
  readonly quick?: boolean
  /** Threads to compare with one; 1 leaves that out, for hosts without threads. Default 2. */
  readonly threads?: number
  readonly onProgress?: (progress: ConformanceProgress) => void
}

export interface ConformanceProgress {
  /** What was just checked: an operator or a group of graphs. */
  readonly name: string
  readonly done: number
  readonly total: number
}

export interface ConformanceReport {
  /** How many cases ran, each in several compilations. */
  readonly cases: number
  readonly differences: readonly Difference[]
}

/** Cases that are held to the reference together, and the compilations they run in. */
interface Group {
  readonly name: string
  readonly cases: () => readonly ConformanceCase[]
  readonly compilations: readonly CompileOptions[]
}

const FUSED: CompileOptions = { lowering: 'fused' }
const UNFUSED: CompileOptions = { lowering: 'unfused' }
const EVERY: readonly CompileOptions[] = [FUSED, UNFUSED]
const RANDOM_GRAPHS = 200
const QUICK_RANDOM_GRAPHS = 30
const GRAPHS_PER_SEPARATED = 5
/** Starting threads costs much more than running a small graph: they take one graph in so many. */
const GRAPHS_PER_THREADED = 8

const operators = Object.keys(makers) as OperatorName[]

function operatorGroups(seed: number, quick: boolean): Group[] {
  return operators.map((name, index) => ({
    name,
    compilations: quick ? [FUSED] : EVERY,
    cases: () => operatorCases(name, random(seed ^ (0x10000 * (1 + index))), quick ? quickSizes : wholeSizes),
  }))
}

function divergingGroup(seed: number, quick: boolean): Group {
  const cases = () => operators.flatMap(operator => divergingCases(operator, random(seed ^ 0x64697665), quick))
  return { name: 'leaving the domain', compilations: quick ? [UNFUSED] : EVERY, cases }
}

function graphs(seed: number, count: number): ConformanceCase[] {
  const r = random(seed ^ 0x67726170)
  return Array.from({ length: count }, (_, n) => randomGraph(`graph/${n}`, r))
}

/** Programs have transposes apart from quantisation; a lowering may fold them together again. */
function separatedGroup(seed: number, quick: boolean): Group {
  const r = random(seed ^ 0x73657061)
  const cases = () => [
    ...(['quantise', 'contract'] as const).flatMap(operator => operatorCases(operator, r, quickSizes)),
    ...graphs(seed ^ 2, quick ? QUICK_RANDOM_GRAPHS / GRAPHS_PER_SEPARATED : RANDOM_GRAPHS / GRAPHS_PER_SEPARATED),
  ]
  const separated = (c: ConformanceCase) => ({
    ...c,
    name: `separated ${c.name}`,
    graph: separateTransposes(c.graph),
  })
  return { name: 'separated transposes', compilations: EVERY, cases: () => cases().map(separated) }
}

/** All operators as one graph, in the quick subset; otherwise one graph an operator, and random graphs. */
function threadedGroups(seed: number, quick: boolean, threads: number): Group[] {
  const r = () => random(seed ^ 0x74687264)
  const casesOf = (operator: OperatorName) => operatorCases(operator, r(), quickSizes)
  const joined = (name: string, some: readonly OperatorName[]) => joinCases(`${name} together`, some.flatMap(casesOf))
  const compilations = [{ threads }]
  const every = EVERY.map(options => ({ ...options, threads }))
  if (quick) return [{ name: 'threads', compilations, cases: () => [joined('operators', operators)] }]
  return [
    { name: 'operators on threads', compilations: every, cases: () => operators.map(name => joined(name, [name])) },
    { name: 'carried state on threads', compilations, cases: () => carryCases(r(), true) },
    { name: 'graphs on threads', compilations, cases: () => graphs(seed ^ 1, RANDOM_GRAPHS / GRAPHS_PER_THREADED) },
  ]
}

function groupsOf({ seed = 1, quick = false, threads = 2 }: ConformanceOptions): Group[] {
  return [
    ...operatorGroups(seed, quick),
    divergingGroup(seed, quick),
    { name: 'carried state', compilations: EVERY, cases: () => carryCases(random(seed ^ 0x63617279), quick) },
    { name: 'graphs', compilations: EVERY, cases: () => graphs(seed, quick ? QUICK_RANDOM_GRAPHS : RANDOM_GRAPHS) },
    separatedGroup(seed, quick),
    ...(threads > 1 ? threadedGroups(seed, quick, threads) : []),
  ]
}

async function runGroup({ cases, compilations }: Group, backend: Backend): Promise<ConformanceReport> {
  const differences: Difference[] = []
  const all = cases()
  for (const c of all) {
    const expectation = await expectationOf(c, reference)
    for (const options of compilations) differences.push(...(await compare(expectation, backend, options)))
  }
  return { cases: all.length, differences }
}

/** Holds a backend to the reference and returns everything that differs; nothing does when it conforms. */
export async function runConformance(backend: Backend, options: ConformanceOptions = {}): Promise<ConformanceReport> {
  const groups = groupsOf(options)
  let cases = 0
  const differences: Difference[] = []
  for (const [index, group] of groups.entries()) {
    const found = await runGroup(group, backend)
    cases += found.cases
    differences.push(...found.differences)
    options.onProgress?.({ name: group.name, done: index + 1, total: groups.length })
  }
  return { cases, differences }
}
