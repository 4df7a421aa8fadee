import { encodeHex, InputError, InternalError, leafRoot, sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { bytesOf } from '../backend.ts'
import { makers, operatorCases } from '../conformance/cases.ts'
import { random } from '../conformance/values.ts'
import { type Graph, graphBuilder, input, type Node, type Tensor } from '../graph.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { separateTransposes } from '../separate-transposes.ts'
import * as t from '../tensor-functions.ts'
import { operatorRuns } from '../testing/operator-runs.ts'
import { decodeJudgedOperator, encodeJudgedOperator } from './judged-bytes.ts'
import { elementCode, judgeable } from './judged-operator.ts'

const r = random(0x9d6e)
const sizes = { all: [5], beyondChunk: [] }

function graphOf(make: (x: Tensor) => Tensor): Graph {
  const builder = graphBuilder()
  return builder.finish({ y: make(input(builder, 'x', [2, 3, 64])) })
}
const last = (graph: Graph) => judgeable(graph, graph.nodes.at(-1) as Node, sha256)
const hexOf = (graph: Graph) => encodeHex(encodeJudgedOperator(last(graph)))
const X = '000300000002 00000003 00000040'
const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '')

describe('a judged operator', () => {
  test('is what the specification says, byte for byte', () => {
    expect(hexOf(graphOf(x => t.sum(x, 1, 3)))).toBe(
      hex('01 07', '00 03 00000002 00000001 00000001', '0001 00000000', X, '01 03'),
    )
    expect(hexOf(graphOf(x => t.quantise(x, -1, 'mx12', 1)))).toBe(
      hex('01 04', '03 03 00000002 00000003 00000040', '0001 00000000', X, '01'),
    )
    expect(hexOf(graphOf(x => t.reshape(x, [384])))).toBe(hex('01 02', '00 01 00000180', '0001 00000000', X))
  })

  test('names the code of a map operator by its hash', () => {
    const graph = graphOf(x => t.add(t.relu(x), x))
    expect(hexOf(graph)).toBe(
      hex('01 03', X, '0002', '00000001', X, '00000000', X, encodeHex(sha256(elementCode(graph, graph.nodes.at(-1)!)))),
    )
  })

  test('of every class is read back, up to what stands behind it', () => {
    const classes = new Set<string>()
    for (const name of Object.keys(makers) as OperatorName[]) {
      for (const c of operatorCases(name, r, sizes)) {
        const graph = separateTransposes(c.graph)
        for (const node of graph.nodes) {
          const operator = judgeable(graph, node, sha256)
          const bytes = encodeJudgedOperator(operator)
          const behind = Uint8Array.from({ length: r.below(3) }, () => r.below(256))
          const found = decodeJudgedOperator(Uint8Array.of(...bytes, ...behind))
          expect(found).toEqual({ operator, bytesRead: bytes.length })
          classes.add(operator.class)
        }
      }
    }
    expect(classes.size).toBe(10)
  })

  test('of a constant has the root of the tensor that runs see', async () => {
    const builder = graphBuilder()
    const long = t.constantF32(
      builder,
      [3000],
      Array.from({ length: 3000 }, (_, i) => i / 8),
    )
    const runs = await operatorRuns('constant', r, sizes)
    for (const { graph, node, output } of runs) {
      expect(judgeable(graph, node, sha256)).toMatchObject({ root: leafRoot(sha256, output as Uint8Array, 4096) })
    }
    expect(new Set(runs.map(({ node }) => node.dtype))).toEqual(new Set(['f32', 'i32']))
    const bytes = bytesOf(Float32Array.from({ length: 3000 }, (_, i) => i / 8))
    const graph = builder.finish({ y: t.scale(long, 2) })
    expect(judgeable(graph, graph.nodes[0] as Node, sha256)).toMatchObject({ root: leafRoot(sha256, bytes, 4096) })
  })

  test('cannot quantise along axis -2 before its transpose is separated', () => {
    const graph = graphOf(x => t.quantise(x, -2, 'mx8'))
    expect(() => last(graph)).toThrow(InternalError)
    expect(last(separateTransposes(graph))).toMatchObject({ class: 'quantise', shape: [2, 64, 3], fixed: 0 })
  })

  test('is refused where its bytes end too early', () => {
    for (const graph of [graphOf(x => t.sum(x, 0, 1)), graphOf(t.relu)]) {
      const bytes = encodeJudgedOperator(last(graph))
      for (let length = 0; length < bytes.length; length++)
        expect(() => decodeJudgedOperator(bytes.subarray(0, length))).toThrow(InputError)
    }
  })

  test('is refused or another operator where a byte differs', () => {
    const bytes = encodeJudgedOperator(last(graphOf(x => t.maximum(x, 1, 2))))
    for (let n = 0; n < 8 * bytes.length; n++) {
      const other = bytes.slice()
      other[n >>> 3] = (other[n >>> 3] as number) ^ (1 << (n & 7))
      try {
        const { operator, bytesRead } = decodeJudgedOperator(other)
        expect(encodeJudgedOperator(operator)).toEqual(other.slice(0, bytesRead))
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
      }
    }
  })

  const sum = encodeJudgedOperator(last(graphOf(x => t.sum(x, 1, 3))))
  test.for<[string, number, number, string]>([
    ['another kind of leaf', 0, 2, 'leaf'],
    ['an unknown class', 1, 10, 'class'],
    ['an unknown dtype', 2, 4, 'dtype'],
    ['no axis', 3, 0, 'shape'],
    ['an empty axis', 7, 0, 'shape'],
    ['too many inputs for its class', 1, 0, 'inputs'],
    ['too few inputs for its class', 1, 6, 'inputs'],
    ['axes that do not ascend', sum.length - 2, 3, 'axes'],
    ['axes that its input does not have', sum.length - 1, 4, 'axes'],
  ])('with %s is refused', ([, at, byte, path]) => {
    const other = sum.slice()
    other[at] = byte
    expect(() => decodeJudgedOperator(other)).toThrow(expect.objectContaining({ code: 'BadJudgedOperator', path }))
  })
})
