/**
 * SPEC: docs/decisions/0005-proof.md, partial results. Elements of contractions, sums, maxima and scatter-adds: how many
 * partials they have, all of them as a digest, and some with what they are made of. Of sums too long to run, operands only.
 */
import { sha256 } from '@cairn/primitives'
import { bytesOf } from '../../backend.ts'
import { graphBuilder, input, type Node, type Tensor } from '../../graph.ts'
import { encodeJudgedOperator } from '../../referee/judged-bytes.ts'
import { type JudgedAccumulation, judgeable } from '../../referee/judged-operator.ts'
import { type PartialOperand, partialCount, partialOperands } from '../../referee/partials.ts'
import { partialsOf } from '../../referee/partials-of.ts'
import * as t from '../../tensor-functions.ts'
import { type ConformanceCase, caseOf, type Sketch } from '../sketch.ts'
import { random } from '../values.ts'
import { bytes, drawnFloats, float, type VectorFile, vectorFile } from './notation.ts'

/** `+0`, an earlier partial, or an element of an input: of a quantised one a block. */
type Written = '+0' | readonly ['partial', number] | readonly ['input', number, number]

export interface PartialCase {
  readonly name: string
  /** The operator as a contract reads it. */
  readonly operator: string
  /** Bytes of its inputs, or how they are drawn; none where there are too many to run. */
  readonly inputs: readonly (string | { readonly seed: number; readonly count: number })[]
  readonly element: number
  readonly count: number
  /** Of all partials, as little-endian f32. */
  readonly partialsSha256?: string
  /** Number, operands, and what it is. */
  readonly partials: readonly (readonly [q: number, operands: readonly Written[], result?: string])[]
}

const written = (operand: PartialOperand): Written =>
  operand.kind === 'zero'
    ? '+0'
    : operand.kind === 'partial'
      ? ['partial', operand.partial]
      : ['input', operand.input, operand.index]

const judged = ({ graph }: Pick<ConformanceCase, 'graph'>) =>
  judgeable(graph, graph.nodes.at(-1) as Node, sha256) as JudgedAccumulation

/** What can be said without inputs. `numbers` that the element does not have are left out. */
function described(name: string, operator: JudgedAccumulation, element: number, numbers: readonly number[]) {
  const count = partialCount(operator)
  const shown = [...new Set(numbers)].filter(q => q < count)
  const rows = shown.map(q => [q, partialOperands(operator, element, q).map(written)] as const)
  return { name, operator: bytes(encodeJudgedOperator(operator)), inputs: [], element, count, partials: rows }
}

interface Question {
  readonly name: string
  readonly operator: JudgedAccumulation
  readonly element: number
  readonly tensors: readonly Uint8Array[]
  readonly inputs: PartialCase['inputs']
}

function partialCase({ name, operator, element, tensors, inputs }: Question): PartialCase {
  const all = partialsOf(operator, element, tensors)
  const last = all.length - 1
  const numbers = [0, 1, 31, 32, 4095, 4096, 4111, 4112, 4126, 4127, 8253, 8254, last - 31, last - 1, last]
  const { partials, ...rest } = described(
    name,
    operator,
    element,
    numbers.filter(q => q >= 0),
  )
  const rows = partials.map(([q, operands]) => [q, operands, float(all[q] as number)] as const)
  return { ...rest, inputs, partialsSha256: bytes(sha256(bytesOf(all))), partials: rows }
}

/** A small operator over random inputs. */
function sketched(name: string, seed: number, element: number, make: (s: Sketch) => Tensor): PartialCase {
  const c = caseOf(name, random(seed), s => ({ y: make(s) }))
  const tensors = Object.values(c.inputs)
  return partialCase({ name, operator: judged(c), element, tensors, inputs: tensors.map(tensor => bytes(tensor)) })
}

function sumOperator(count: number): JudgedAccumulation {
  const builder = graphBuilder()
  return judged({ graph: builder.finish({ y: t.sum(input(builder, 'x', [count]), 0, 1) }) })
}

function drawnSum(seed: number, count: number): PartialCase {
  const tensors = [bytesOf(drawnFloats(seed, count))]
  const inputs = [{ seed, count }]
  return partialCase({ name: `sum of ${count}`, operator: sumOperator(count), element: 0, tensors, inputs })
}

/** Three levels: partials at the borders of chunks and levels. */
function longSum(count: number): PartialCase {
  const chunks = Math.ceil(count / 4096)
  const results = Math.ceil(chunks / 4096)
  const second = count + 31 * chunks
  const third = second + chunks + 31 * results
  const places = [4127 * (chunks - 1), second - 1, second, second + 4095, second + 4127, third - 1, third, third + 1]
  const operator = sumOperator(count)
  const last = partialCount(operator) - 1
  return described(
    `sum of ${count}`,
    operator,
    0,
    [...places, last - 31, last].sort((a, b) => a - b),
  )
}

export function partialVectors(): VectorFile {
  return vectorFile('N3', 'partial results: operands, values, and all of them as a digest', [
    sketched('contract mx8', 1, 7, s => t.contract(s.quantised([3, 70], 'mx8'), s.quantised([4, 70], 'mx8'))),
    sketched('contract mx12, broadcast', 2, 9, s =>
      t.contract(s.quantised([2, 2, 40], 'mx12'), s.quantised([1, 3, 40], 'mx12')),
    ),
    sketched('maximum over the middle', 3, 5, s => t.maximum(s.f32([2, 5, 3]), 1, 2)),
    sketched('maximum of equal values', 4, 0, s => t.maximum(s.f32([9], 'ties'), 0, 1)),
    sketched('sum over two axes', 5, 3, s => t.sum(s.f32([2, 3, 7, 2], 'ordinary'), 1, 3)),
    sketched('scatterAdd', 6, 5, s => t.scatterAdd(s.f32([9, 2], 'ordinary'), s.i32([9], 3), 3)),
    sketched('scatterAdd with an index out of range', 7, 1, s => t.scatterAdd(s.f32([5, 2]), s.i32([5], 2, -1), 2)),
    ...[1, 31, 32, 33, 4095, 4096, 4097, 3 * 4096 + 5].map((count, n) => drawnSum(n + 1, count)),
    longSum(4096 * 4096 + 5),
    longSum(2 ** 31 - 1),
  ])
}
