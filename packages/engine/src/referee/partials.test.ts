import { sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { sumInOrder } from '../backend/reference/reduction.ts'
import { asF32, bytesOf } from '../backend.ts'
import { floats, random } from '../conformance/values.ts'
import { graphBuilder, input, type Node } from '../graph.ts'
import { sizeBytes } from '../quantised-layout.ts'
import { canonicalise } from '../scalar/evaluate.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import { BLOCK, elementCount, isQuantised } from '../tensor-type.ts'
import { operatorRuns } from '../testing/operator-runs.ts'
import { judgeValue } from './judge-element.ts'
import { type JudgedAccumulation, type JudgedInput, judgeable } from './judged-operator.ts'
import {
  hasPartials,
  type OperandValue,
  type PartialOperand,
  partialCount,
  partialOperands,
  partialValue,
} from './partials.ts'
import { partialsOf } from './partials-of.ts'

const r = random(0x9a27)
const bitsAt = (partials: Float32Array, q: number) => bitsOf(partials[q] as number)

/** What an operand is worth to somebody who has the tensors and the partials before it. */
function opened(
  operator: JudgedAccumulation,
  tensors: readonly Uint8Array[],
  partials: Float32Array,
  operand: PartialOperand,
): OperandValue {
  if (operand.kind === 'zero') return 0
  if (operand.kind === 'partial') return bitsAt(partials, operand.partial)
  const { dtype } = operator.inputs[operand.input] as JudgedInput
  const size = isQuantised(dtype) ? sizeBytes({ dtype, shape: [BLOCK] }) : 4
  const bytes = (tensors[operand.input] as Uint8Array).slice(operand.index * size, (operand.index + 1) * size)
  if (bytes.length !== size) throw new Error(`input ${operand.input} has no element ${operand.index}`)
  return isQuantised(dtype) ? bytes : new DataView(bytes.buffer).getUint32(0, true)
}

/** Computes every partial from its operands and expects what `partialsOf` shows; returns them. */
function rebuilt(operator: JudgedAccumulation, element: number, tensors: readonly Uint8Array[]): Float32Array {
  const shown = partialsOf(operator, element, tensors)
  expect(shown).toHaveLength(partialCount(operator))
  const wrong = Array.from(shown.keys()).filter(q => {
    const operands = partialOperands(operator, element, q)
    if (operands.some(operand => operand.kind === 'partial' && operand.partial >= q)) return true
    const values = operands.map(operand => opened(operator, tensors, shown, operand))
    return partialValue(operator, element, values) !== bitsAt(shown, q)
  })
  expect(wrong).toEqual([])
  return shown
}

function sumOver(count: number): JudgedAccumulation {
  const builder = graphBuilder()
  const graph = builder.finish({ y: t.sum(input(builder, 'x', [count]), 0, 1) })
  return judgeable(graph, graph.nodes[1] as Node, sha256) as JudgedAccumulation
}

describe('partial results', () => {
  test.for(['contract', 'sum', 'maximum', 'scatterAdd'] as const)(
    'of %s follow from their operands, and the last one is the element',
    async name => {
      for (const run of await operatorRuns(name, r, { all: [1, 37], beyondChunk: [4099] })) {
        const { graph, node, tensors, output } = run
        const operator = judgeable(graph, node, sha256)
        if (!hasPartials(operator)) throw new Error(`${name} has no partials`)
        const elements = elementCount(node.shape)
        for (const element of new Set([elements - 1, r.below(elements)])) {
          const last = bitsAt(rebuilt(operator, element, tensors), partialCount(operator) - 1)
          if (output !== undefined)
            expect(judgeValue(last).bits, run.name).toBe(bitsOf(asF32(output)[element] as number))
        }
      }
    },
  )

  test.for(['contract', 'sum', 'scatterAdd'] as const)('of %s show where it leaves the domain', async name => {
    const flagged = (await operatorRuns(name, r, { all: [], beyondChunk: [] })).filter(run => run.output === undefined)
    const shown = flagged.map(({ graph, node, tensors }) => {
      const operator = judgeable(graph, node, sha256) as JudgedAccumulation
      return Array.from({ length: elementCount(node.shape) }, (_, element) =>
        judgeValue(bitsAt(partialsOf(operator, element, tensors), partialCount(operator) - 1)),
      ).some(({ diverged }) => diverged)
    })
    // An index out of range flags a scatter-add whose sums are all clean.
    expect(shown.includes(true)).toBe(true)
    expect(shown.includes(false)).toBe(name === 'scatterAdd')
  })

  test.for([1, 2, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097, 4128, 2 * 4096, 3 * 4096 + 5])(
    'of a sum over %i values are in the one order',
    count => {
      const values = floats(r, count, 'wide', 30)
      const partials = rebuilt(sumOver(count), 0, [bytesOf(values)])
      expect(bitsAt(partials, partials.length - 1)).toBe(bitsOf(sumInOrder(values)))
      expect(canonicalise(partials.at(-1) as number).diverged).toBe(false)
    },
  )

  test('are used once each, but for the last, and every value is', () => {
    for (const count of [1, 20, 33, 4097, 2 * 4096 + 7]) {
      const operator = sumOver(count)
      const total = partialCount(operator)
      const uses = Array.from({ length: total }, (_, q) => partialOperands(operator, 0, q)).flat()
      const numbers = (kind: string) =>
        uses.flatMap(o =>
          o.kind !== kind ? [] : o.kind === 'partial' ? [o.partial] : o.kind === 'input' ? [o.index] : [],
        )
      expect(numbers('partial').sort((a, b) => a - b)).toEqual(Array.from({ length: total - 1 }, (_, q) => q))
      expect(numbers('input')).toEqual(Array.from({ length: count }, (_, i) => i))
    }
  })

  test('have closed numbers: levels of a sum larger than anybody holds', () => {
    const count = 2 ** 31 - 1
    const operator = sumOver(count)
    // 524,288 chunks, the last one value short; their results make 128 chunks; the results of those one.
    const [first, second] = [count + 31 * 524288, 524288 + 31 * 128]
    expect(partialCount(operator)).toBe(first + second + 128 + 31)
    expect(partialOperands(operator, 0, first - 1)).toEqual([
      { kind: 'partial', partial: first - 3 },
      { kind: 'partial', partial: first - 2 },
    ])
    expect(partialOperands(operator, 0, 4127 * 524287)).toEqual([
      { kind: 'zero' },
      { kind: 'input', input: 0, index: 4096 * 524287 },
    ])
    expect(partialOperands(operator, 0, first)).toEqual([{ kind: 'zero' }, { kind: 'partial', partial: 4126 }])
    expect(partialOperands(operator, 0, first + 4127 * 127 + 4095)).toEqual([
      { kind: 'partial', partial: first + 4127 * 127 + 4095 - 32 },
      { kind: 'partial', partial: first - 1 },
    ])
    expect(partialOperands(operator, 0, first + second + 127)).toEqual([
      { kind: 'partial', partial: first + second + 95 },
      { kind: 'partial', partial: first + second - 1 },
    ])
    expect(partialOperands(operator, 0, first + second + 128)).toEqual([
      { kind: 'partial', partial: first + second + 96 },
      { kind: 'partial', partial: first + second + 112 },
    ])
  })
})
