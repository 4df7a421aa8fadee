import { describe, expect, test } from 'vitest'
import { wasm } from '../backend/wasm/backend.ts'
import type { Backend, Executable, RunResult } from '../backend.ts'
import { asF32 } from '../backend.ts'
import type { Graph, Node } from '../graph.ts'
import { reference } from '../index.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { makers, operatorCases } from './cases.ts'
import { compare, expectationOf } from './compare.ts'
import { divergingCases, divergingMakers } from './diverging-cases.ts'
import { growth, randomGraph } from './random-graphs.ts'
import { runConformance } from './suite.ts'
import { random } from './values.ts'

const operators = Object.keys(makers) as OperatorName[]

describe('backend wasm', () => {
  test('gives the bits of the reference for every operator and random graphs, in every lowering, on 1 and 2 threads', async () => {
    const seen: string[] = []
    const { cases, differences } = await runConformance(wasm, { onProgress: ({ name }) => seen.push(name) })
    expect(differences).toEqual([])
    expect(cases).toBeGreaterThan(1500)
    expect(seen).toEqual(expect.arrayContaining([...operators, 'leaving the domain', 'graphs', 'operators on threads']))
  })

  test('gives the same bits on more threads than there is work', async () => {
    const r = random(77)
    for (let n = 0; n < 6; n++) {
      const expectation = await expectationOf(randomGraph(`graph/${n}`, r), reference)
      expect(await compare(expectation, wasm, { threads: 3 + n })).toEqual([])
    }
  })
})

describe('the suite', () => {
  test('is repeatable: a seed always gives the same cases', () => {
    const bytes = (seed: number) => operatorCases('gelu', random(seed)).map(c => Object.values(c.inputs))
    expect(bytes(3)).toEqual(bytes(3))
    expect(bytes(3)).not.toEqual(bytes(4))
  })

  test.for(operators)('has cases of %s with many results that are not zero', async operator => {
    let best = 0
    for (const c of operatorCases(operator, random(1))) {
      const values = await outputOf(c.graph, c.inputs)
      const nonzero = values.filter(word => word !== 0).length
      if (values.length > 3 || operator === 'clipFactor') best = Math.max(best, nonzero / values.length)
    }
    expect(best).toBeGreaterThan(operator === 'place' ? 0.05 : 0.4)
  })

  test.for(Object.keys(divergingMakers) as OperatorName[])('has cases that leave the domain at %s', async operator => {
    for (const c of divergingCases(operator, random(2))) {
      const [run] = (await expectationOf(c, reference)).runs
      const blamed = run?.result.ok === false ? c.graph.nodes[run.result.operator as number]?.operator : undefined
      expect(blamed, c.name).toBe(operator)
    }
  })

  test('grows graphs of all operators, most of which stay in the domain and carry state', async () => {
    const r = random(1)
    const graphs = Array.from({ length: 200 }, (_, n) => randomGraph(`graph/${n}`, r))
    const used = new Set(graphs.flatMap(({ graph }) => graph.nodes.map(node => node.operator)))
    expect([...used].sort()).toEqual(Object.keys(growth).sort())
    expect(graphs.filter(({ graph }) => Object.keys(graph.carries).length > 0).length).toBeGreaterThan(80)
    expect(graphs.filter(({ graph }) => Object.keys(graph.outputs).length > 2).length).toBeGreaterThan(80)
    const ends = await Promise.all(graphs.map(async c => (await expectationOf(c, reference)).runs.at(-1)?.result.ok))
    expect(ends.filter(ok => ok).length).toBeGreaterThan(150)
    expect(ends.filter(ok => !ok).length).toBeGreaterThan(0)
  })
})

describe('a wrong backend is reported', () => {
  test.for<OperatorName>(['gelu', 'quantise'])('that flips one bit of %s', async operator => {
    const wrong = altered((executable, graph) => ({
      ...executable,
      read: name => flipped(executable.read(name), graph, graph.outputs[name] ?? -1, operator),
      run: visit => executable.run(visit && ((node, bytes) => visit(node, flipped(bytes, graph, node, operator)))),
    }))
    const { differences } = await runConformance(wrong, { quick: true, threads: 1 })
    expect(new Set(differences.map(d => d.operator))).toEqual(new Set([operator]))
    const named = differences.filter(d => d.case === `${operator}/0/37`)
    expect(named.map(d => d.options)).toEqual(['fused, threads: 1'])
    expect(named[0]?.detail).toMatch(/^byte \d+ of \d+: \d+, not \d+$/)
    expect(differences.some(d => d.case.startsWith('graph/'))).toBe(true)
  })

  test('that does not notice that the domain was left', async () => {
    const wrong = altered(executable => ({
      ...executable,
      run: visit => ({ ...executable.run(visit), ok: true }) as RunResult,
    }))
    const { differences } = await runConformance(wrong, { quick: true, threads: 1 })
    const blamed = new Set(differences.filter(d => d.case.includes('/diverging')).map(d => d.operator))
    expect([...blamed].sort()).toEqual(Object.keys(divergingMakers).sort())
  })

  test('that blames another operator', async () => {
    const later = (result: RunResult): RunResult =>
      result.ok ? result : { ok: false, operator: (result.operator as number) + 1 }
    const wrong = altered(executable => ({ ...executable, run: visit => later(executable.run(visit)) }))
    const { differences } = await runConformance(wrong, { quick: true, threads: 1 })
    const blamed = new Set(differences.filter(d => d.case.includes('/diverging')).map(d => d.operator))
    expect([...blamed].sort()).toEqual(Object.keys(divergingMakers).sort())
  })
})

/** The wasm backend with executables that are tampered with. */
function altered(alter: (executable: Executable, graph: Graph) => Executable): Backend {
  return {
    name: 'wrong',
    compile: async (graph, options) => alter(await wasm.compile(graph, options), graph),
  }
}

/** Flips one bit in the middle of what an operator made. */
function flipped(bytes: Uint8Array, { nodes }: Graph, id: number, operator: OperatorName): Uint8Array {
  if (nodes[id]?.operator !== operator) return bytes
  const copy = bytes.slice()
  const at = copy.length >> 1
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

async function outputOf(graph: Graph, inputs: Readonly<Record<string, Uint8Array>>): Promise<readonly number[]> {
  const executable = await reference.compile(graph)
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
  expect(executable.run()).toEqual({ ok: true })
  const { dtype } = graph.nodes[graph.outputs.y as number] as Node
  const bytes = executable.read('y')
  return Array.from(dtype === 'f32' ? asF32(bytes) : bytes)
}
