import { describe, expect, test } from 'vitest'
import { graphBuilder, input } from './graph.ts'
import { asF32, bytesOf, reference } from './index.ts'
import * as t from './tensor-functions.ts'

const operators = (graph: { nodes: readonly { operator: string }[] }) => graph.nodes.map(node => node.operator)

describe('a graph', () => {
  test('computes equal nodes once', () => {
    const builder = graphBuilder()
    const x = input(builder, 'x', [2, 32])
    const once = t.quantise(x, -1, 'mx8')
    expect(t.quantise(x, -1, 'mx8').id).toBe(once.id)
    expect(t.quantise(x, -2, 'mx8').id).not.toBe(once.id)
    expect(t.quantise(x, -1, 'mx12').id).not.toBe(once.id)
    expect(t.scale(x, 0.5).id).toBe(t.scale(x, 0.5).id)
    expect(t.scale(x, 0.5).id).not.toBe(t.scale(x, -0.5).id)
    expect(t.add(x, t.relu(x)).id).not.toBe(t.add(t.relu(x), x).id)
    expect(input(builder, 'x', [2, 32]).id).toBe(x.id)
  })

  test('drops what no output needs, inputs too, and numbers the rest without gaps', () => {
    const builder = graphBuilder()
    const [x, unused] = [input(builder, 'x', [3]), input(builder, 'unused', [3])]
    t.exp(t.add(x, unused))
    const y = t.scale(t.offset(x, 1), 2)
    const graph = builder.finish({ y })
    expect(operators(graph)).toEqual(['input', 'offset', 'scale'])
    expect(graph.nodes.map(node => node.id)).toEqual([0, 1, 2])
    expect(graph.nodes.map(node => node.inputs)).toEqual([[], [0], [1]])
    expect(graph.inputs).toEqual({ x: 0 })
    expect(graph.outputs).toEqual({ y: 2 })
  })

  test('keeps program order: producers stand before what uses them', () => {
    const builder = graphBuilder()
    const x = input(builder, 'x', [4, 4])
    const graph = builder.finish({ a: t.matmul(x, t.relu(x), 'mx8'), b: t.sumAll(x) })
    for (const node of graph.nodes) for (const i of node.inputs) expect(i).toBeLessThan(node.id)
  })

  test('may have one node under several names', () => {
    const builder = graphBuilder()
    const y = t.exp(input(builder, 'x', [3]))
    expect(builder.finish({ a: y, b: y }).outputs).toEqual({ a: 1, b: 1 })
  })

  test('refuses two inputs of one name and different types', () => {
    const builder = graphBuilder()
    const y = t.add(input(builder, 'x', [3]), input(builder, 'x', [1]))
    expect(() => builder.finish({ y })).toThrow(expect.objectContaining({ code: 'DuplicateInput' }))
  })

  test('is not changed by what the builder does afterwards', () => {
    const builder = graphBuilder()
    const x = input(builder, 'x', [3])
    const graph = builder.finish({ y: t.exp(x) })
    t.log(x)
    expect(operators(graph)).toEqual(['input', 'exp'])
    expect(Object.isFrozen(graph)).toBe(true)
  })
})

describe('a carry', () => {
  test('gives the input the value of the output after each run', async () => {
    const builder = graphBuilder()
    const x = input(builder, 'x', [2])
    const executable = await reference.compile(builder.finish({ next: t.scale(x, 3) }, { x: 'next' }))
    executable.write('x', bytesOf(Float32Array.of(1, -2)))
    executable.run()
    executable.run()
    expect(Array.from(asF32(executable.read('x')))).toEqual([9, -18])
  })

  const builder = graphBuilder()
  const [x, z] = [input(builder, 'x', [2]), input(builder, 'z', [3])]
  const next = t.scale(x, 3)
  const refused = (outputs: Record<string, typeof x>, carries: Record<string, string>) => () =>
    builder.finish(outputs, carries)

  test('needs an input that some output uses', () => {
    expect(refused({ next }, { z: 'next' })).toThrow(expect.objectContaining({ code: 'UnusedCarry' }))
  })

  test('needs an output', () => {
    expect(refused({ next }, { x: 'after' })).toThrow(expect.objectContaining({ code: 'UnknownCarry' }))
  })

  test('needs one type on both sides', () => {
    const error = { code: 'CarryMismatch', expected: 'f32[3]', found: 'f32[2]' }
    expect(refused({ next, w: t.exp(z) }, { z: 'next' })).toThrow(expect.objectContaining(error))
  })

  test('refuses an output that shows the input it overwrites, through views too', () => {
    const aliased = expect.objectContaining({ code: 'AliasedCarry' })
    expect(refused({ next, before: x }, { x: 'next' })).toThrow(aliased)
    expect(refused({ next, before: t.reshape(x, [2, 1]) }, { x: 'next' })).toThrow(aliased)
    expect(refused({ next, before: x }, {})).not.toThrow()
  })
})
