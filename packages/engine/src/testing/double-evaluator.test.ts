import { expect, test } from 'vitest'
import { asF32 } from '../backend.ts'
import { makers, operatorCases } from '../conformance/cases.ts'
import type { ConformanceCase } from '../conformance/sketch.ts'
import { random } from '../conformance/values.ts'
import type { Node } from '../graph.ts'
import { reference } from '../index.ts'
import type { OperatorAttributes, OperatorName } from '../operators/attributes.ts'
import { decodeQuantised } from '../quantised-layout.ts'
import { BLOCK, blockCount, elementCount, isQuantised, mantissaBits } from '../tensor-type.ts'
import { type DoubleTensor, evaluateInDouble } from './double-evaluator.ts'

/** The plain values of a tensor's canonical bytes. */
function valuesOf({ dtype, shape }: Node, bytes: Uint8Array): DoubleTensor {
  const words = () => bytes.slice().buffer
  if (dtype === 'i32') return Float64Array.from(new Int32Array(words()))
  if (!isQuantised(dtype)) return Float64Array.from(asF32(bytes))
  const { mantissas, exponents } = decodeQuantised(dtype, shape, bytes)
  const length = shape.at(-1) as number
  return Float64Array.from({ length: elementCount(shape) }, (_, e) => {
    const at = Math.floor(e / length) * blockCount(length) * BLOCK + (e % length)
    return (mantissas[at] as number) * 2 ** (exponents[Math.floor(at / BLOCK)] as number)
  })
}

/** Fixed scales clip by design: there the real function says nothing. */
const clips = ({ nodes }: ConformanceCase['graph']) =>
  nodes.some(n => n.operator === 'quantise' && (n.attributes as OperatorAttributes['quantise']).fixed === 1)

/** What cn1 flushes or makes +0 is below this, per element. */
const FLUSHED = 2 ** -30

/** As in `gradients.test.ts`, but for values of any spread: the largest of a block is at most sqrt(32) times the mean. */
function allowedError({ dtype }: Node, nodes: readonly Node[]): number {
  const widths = [dtype, ...nodes.map(n => n.dtype)].flatMap(d => (isQuantised(d) ? [mantissaBits[d]] : []))
  return widths.length === 0 ? 1e-5 : 2.5 * 2 ** -(Math.min(...widths) - 2)
}

async function check({ name, graph, inputs }: ConformanceCase): Promise<void> {
  const executable = await reference.compile(graph, { lowering: 'unfused' })
  const named: Record<string, DoubleTensor> = {}
  for (const [input, bytes] of Object.entries(inputs)) {
    executable.write(input, bytes)
    named[input] = valuesOf(graph.nodes[graph.inputs[input] as number] as Node, bytes)
  }
  const doubles = evaluateInDouble(graph, named)
  const result = executable.run((id, bytes) => {
    const node = graph.nodes[id] as Node
    const [expected, found] = [doubles[id] as DoubleTensor, valuesOf(node, bytes)]
    const distance = Math.hypot(...expected.map((x, i) => x - (found[i] as number)))
    const allowed = allowedError(node, graph.nodes) * Math.hypot(...expected) + FLUSHED * Math.sqrt(found.length)
    expect(distance, `${name}, ${node.operator}`).toBeLessThanOrEqual(allowed)
  })
  expect(result, name).toEqual({ ok: true })
}

test.for(Object.keys(makers) as OperatorName[])(
  '%s means in double what it means in cn1, but for rounding',
  async operator => {
    const cases = operatorCases(operator, random(9), { all: [1, 5, 33], beyondChunk: [] })
    for (const c of cases) if (!clips(c.graph)) await check(c)
  },
)
