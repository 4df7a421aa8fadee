/** Which elements of its inputs one element of a contraction, reduction or scatter-add is made of. */
import { blockCount, broadcastStrides, coordinatesOf, elementCount, type Shape } from '../tensor-type.ts'
import type { JudgedAccumulation, JudgedInput, JudgedReduction } from './judged-operator.ts'

const inputShape = ({ inputs }: JudgedAccumulation, n: number) => (inputs[n] as JudgedInput).shape
const last = (shape: Shape, n: number) => shape[shape.length - n] as number

/** The values that one element of a sum or maximum is taken over. */
export interface ReducedView {
  readonly count: number
  /** Index of the first, and from one to the next. */
  readonly base: number
  readonly stride: number
}

/** Views x as [outer, count, inner]; axes [from, to) are the middle. */
export function reducedView(operator: JudgedReduction, element: number): ReducedView {
  const shape = inputShape(operator, 0)
  const count = elementCount(shape.slice(operator.from, operator.to))
  const inner = elementCount(shape.slice(operator.to))
  return { count, base: Math.floor(element / inner) * count * inner + (element % inner), stride: inner }
}

/** First blocks of the two rows that one element of a contraction multiplies, and how many blocks they have. */
export interface ContractView {
  readonly first: readonly [number, number]
  readonly blocks: number
}

/** a [..., M, K], b [..., N, K] -> [..., M, N]; leading axes broadcast. */
export function contractView(operator: JudgedAccumulation, element: number): ContractView {
  const { shape } = operator
  const blocks = blockCount(last(inputShape(operator, 0), 1))
  const [m, n] = [last(shape, 2), last(shape, 1)]
  const lead = shape.slice(0, -2)
  const batch = coordinatesOf(Math.floor(element / (m * n)), lead)
  const firstBlock = (input: number, rows: number, row: number) => {
    const strides = broadcastStrides(inputShape(operator, input).slice(0, -2), lead)
    const matrix = batch.reduce((sum, c, axis) => sum + c * (strides[axis] as number), 0)
    return (matrix * rows + row) * blocks
  }
  const [row, column] = [Math.floor(element / n) % m, element % n]
  return { first: [firstBlock(0, m, row), firstBlock(1, n, column)], blocks }
}

/** Row of the output that one element of a scatter-add stands in, its place in the row, and how wide rows are. */
export interface ScatterView {
  readonly row: number
  readonly column: number
  readonly width: number
  /** Rows of g. */
  readonly count: number
}

/** (g [N, D], index i32 [N]) -> [rows, D]. */
export function scatterView(operator: JudgedAccumulation, element: number): ScatterView {
  const width = last(operator.shape, 1)
  return {
    row: Math.floor(element / width),
    column: element % width,
    width,
    count: elementCount(inputShape(operator, 1)),
  }
}
