/** A visited run: every operator's output in program order, on every backend and on several threads. */
import { describe, expect, test } from 'vitest'
import { asF32, type Backend, bytesOf, type CompileOptions } from '../backend.ts'
import { floats, random } from '../conformance/values.ts'
import { graphBuilder, input } from '../graph.ts'
import * as t from '../tensor-functions.ts'
import { reference } from './reference/backend.ts'
import { wasm } from './wasm/backend.ts'

const UNFUSED: CompileOptions = { lowering: 'unfused' }
const backends = [reference, wasm]

/** A carried state whose next value is exp(2x), beside a reshape and a constant that come after it. */
function growing() {
  const builder = graphBuilder()
  const x = input(builder, 'x', [2])
  const next = t.exp(t.scale(x, 2))
  const sum = t.add(t.reshape(next, [2, 1]), t.constantF32(builder, [1], [3]))
  return builder.finish({ next, sum }, { x: 'next' })
}

async function visitsOf(backend: Backend, x: readonly number[], runs = 1) {
  const executable = await backend.compile(growing(), UNFUSED)
  executable.write('x', bytesOf(Float32Array.from(x)))
  const visits: [number, number[]][] = []
  const results = Array.from({ length: runs }, () =>
    executable.run((node, bytes) => visits.push([node, Array.from(asF32(bytes.slice()))])),
  )
  return { results, visits, x: Array.from(asF32(executable.read('x'))) }
}

describe.each(backends)('a visited run on $name', backend => {
  test('shows inputs, constants and reshapes too, in program order', async () => {
    const { visits } = await visitsOf(backend, [0, 0])
    const shown = [[0, 0], [0, 0], [1, 1], [1, 1], [3], [4, 4]]
    expect(visits).toEqual(shown.map((values, node) => [node, values]))
  })

  test('shows a carried input as it was before the run', async () => {
    const { visits, x } = await visitsOf(backend, [0, 0], 2)
    expect(visits.filter(([node]) => node === 0)).toEqual([
      [0, [0, 0]],
      [0, [1, 1]],
    ])
    expect(x).not.toEqual([1, 1])
  })

  test('stops before the operator that diverged, with the state as it was', async () => {
    const { results, visits, x } = await visitsOf(backend, [0, 30])
    expect(results).toEqual([{ ok: false, operator: 2 }])
    expect(visits.map(([node]) => node)).toEqual([0, 1])
    expect(x).toEqual([0, 30])
  })

  test('is refused where operators were fused', async () => {
    const executable = await backend.compile(growing())
    expect(() => executable.run(() => {})).toThrow(/fused/)
  })
})

test('threads share the work of operators that are worth it, and change no bit', async () => {
  const builder = graphBuilder()
  const [x, w] = [input(builder, 'x', [192, 160]), input(builder, 'w', [160, 224])]
  const y = t.gelu(t.matmul(x, w, 'mx8'))
  const graph = builder.finish({ y: t.add(y, t.sum(t.silu(y), 1, 2)), first: t.sum(t.reshape(y, [192 * 224]), 0, 1) })
  const bytes = (count: number) => bytesOf(floats(random(count), count, 'unit'))
  const seen = await Promise.all(
    [1, 2, 3].map(async threads => {
      const executable = await wasm.compile(graph, { ...UNFUSED, threads })
      executable.write('x', bytes(192 * 160))
      executable.write('w', bytes(160 * 224))
      const visits: Uint8Array[] = []
      for (let run = 0; run < 5; run++) expect(executable.run((_, b) => visits.push(new Uint8Array(b))).ok).toBe(true)
      await executable.close()
      return visits
    }),
  )
  expect(seen[0]).toHaveLength(5 * graph.nodes.length)
  expect(seen[1]).toEqual(seen[0])
  expect(seen[2]).toEqual(seen[0])
})
