import { describe, expect, test } from 'vitest'
import { gradients } from './autodiff.ts'
import { planLaunches } from './backend/wasm/launches.ts'
import type { Backend, Executable } from './backend.ts'
import { operatorCases } from './conformance/cases.ts'
import { randomGraph } from './conformance/random-graphs.ts'
import type { ConformanceCase } from './conformance/sketch.ts'
import { random } from './conformance/values.ts'
import { type Graph, graphBuilder, input, type Tensor } from './graph.ts'
import { reference, wasm } from './index.ts'
import { separateTransposes } from './separate-transposes.ts'
import * as t from './tensor-functions.ts'

const alongRows = ({ nodes }: Graph) =>
  nodes.filter(({ operator, attributes }) => operator === 'quantise' && (attributes as { axis: number }).axis === -2)
const count = ({ nodes }: Graph, operator: string) => nodes.filter(node => node.operator === operator).length

/** What every run of a case leaves to be read, by name. */
async function readings(backend: Backend, { inputs, steps }: ConformanceCase, graph: Graph) {
  const executable: Executable = await backend.compile(graph)
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
  const names = [...Object.keys(graph.outputs), ...Object.keys(graph.carries)]
  return Array.from({ length: steps }, () => {
    const { ok } = executable.run()
    return ok ? names.map(name => [name, Buffer.from(executable.read(name)).toString('hex')]) : 'diverged'
  })
}

/** A layer with its gradients: operands quantised along both axes. */
function layer(): Graph {
  const builder = graphBuilder()
  const [x, w] = [input(builder, 'x', [3, 40, 70]), input(builder, 'w', [70, 50])]
  const loss = t.sumAll(t.gelu(t.matmul(x, w, 'mx8')))
  const [dx, dw] = gradients(loss, [x, w]) as [Tensor, Tensor]
  return builder.finish({ loss, dx, next: t.subtract(w, t.scale(dw, 0.1)) }, { w: 'next' })
}

describe('a graph and its separated twin', () => {
  test('leave the same bits, fused and not, over random graphs and all uses of quantise and contract', async () => {
    const r = random(51)
    const cases = [
      ...(['quantise', 'contract'] as const).flatMap(o => operatorCases(o, r, { all: [1, 5, 37], beyondChunk: [] })),
      ...Array.from({ length: 40 }, (_, n) => randomGraph(`graph/${n}`, r)),
    ].filter(c => alongRows(c.graph).length > 0)
    expect(cases.length).toBeGreaterThan(12)
    for (const c of cases) {
      const twin = separateTransposes(c.graph)
      const expected = await readings(reference, c, c.graph)
      expect(alongRows(twin), c.name).toEqual([])
      expect(await readings(reference, c, twin), c.name).toEqual(expected)
      expect(await readings(wasm, c, twin), c.name).toEqual(expected)
    }
  })

  test('have the same names and carries', () => {
    const [graph, twin] = [layer(), separateTransposes(layer())]
    expect(Object.keys(twin.inputs)).toEqual(Object.keys(graph.inputs))
    expect(Object.keys(twin.outputs)).toEqual(Object.keys(graph.outputs))
    expect(twin.carries).toEqual(graph.carries)
  })

  test('are the same work in the same memory where operators are fused', async () => {
    const [graph, twin] = [layer(), separateTransposes(layer())]
    expect(alongRows(graph).length).toBe(3)
    expect(count(twin, 'permute')).toBe(3)
    const [before, after] = [planLaunches(graph, 'fused'), planLaunches(twin, 'fused')]
    expect(after.launches).toHaveLength(before.launches.length)
    const [one, other] = await Promise.all([wasm.compile(graph), wasm.compile(twin)])
    expect(other.memoryBytes).toBe(one.memoryBytes)
  })
})

describe('a transpose', () => {
  const separated = (make: (x: Tensor) => Readonly<Record<string, Tensor>>) => {
    const builder = graphBuilder()
    return separateTransposes(builder.finish(make(input(builder, 'x', [4, 5, 6]))))
  }
  const orders = ({ nodes }: Graph) =>
    nodes.flatMap(({ operator, attributes }) =>
      operator === 'permute' ? [(attributes as { order: object }).order] : [],
    )

  test('is shared by all that quantise one tensor', () => {
    const graph = separated(x => ({ a: t.quantise(x, -2, 'mx8'), b: t.quantise(x, -2, 'mx12') }))
    expect(orders(graph)).toEqual([[0, 2, 1]])
  })

  test('of a permutation is one permutation of its input', () => {
    const graph = separated(x => ({ a: t.quantise(t.permute(x, [1, 0, 2]), -2, 'mx8') }))
    expect(orders(graph)).toEqual([[1, 2, 0]])
  })

  test('of a transpose is nothing', () => {
    expect(orders(separated(x => ({ a: t.quantise(t.permute(x, [0, 2, 1]), -2, 'mx8') })))).toEqual([])
  })

  test('stays apart where a kernel could not read through both', () => {
    const graph = separated(x => ({ a: t.quantise(t.permute(x, [2, 0, 1]), -2, 'mx8') }))
    expect(orders(graph)).toEqual([
      [2, 0, 1],
      [0, 2, 1],
    ])
    expect(planLaunches(graph, 'fused').folded.size).toBe(1)
  })
})
