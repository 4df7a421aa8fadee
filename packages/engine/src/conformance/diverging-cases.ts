/**
 * Cases that leave the domain (N0), each at one element: the backend must raise `diverged` at the operator that is
 * named, though operators after it would too. Operators without a row cannot leave the domain.
 */
import type { input, Tensor } from '../graph.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import { type ConformanceCase, caseOf, type Make } from './sketch.ts'
import { fork, type Random } from './values.ts'

/** The largest magnitude of the domain. */
const LARGEST = 2 ** 60 - 2 ** 36
const QUANTISE_LIMIT = 2 ** 48

const unary =
  (f: (x: Tensor) => Tensor, poison: number): Make =>
  (s, n) =>
    f(s.poisoned([n, 3], poison))

/** Every row goes to row 0, whose sum leaves the domain. */
const scatterSum: Make = (s, n) =>
  t.scatterAdd(t.broadcast(s.poisoned([1, 5], 2 ** 59), [n + 1, 5]), s.i32([n + 1], 1), 3)

const scatterIndex =
  (index: number): Make =>
  (s, n) =>
    t.scatterAdd(s.f32([n, 5], 'ordinary'), s.i32([n], 3, index), 3)

/** Both operands of a contraction are as large as `quantise` takes. */
const contraction: Make = (s, n) => {
  const large = (x: Tensor) => t.quantise(t.scale(x, 2 ** 31), -1, 'mx8')
  return t.contract(large(s.poisoned([n, 7], 2 ** 16)), large(s.poisoned([3, 7], 2 ** 16)))
}

const adamw: Make = (s, n) => {
  const x = s.poisoned([n, 3], LARGEST)
  const [m, v] = [t.scale(x, 0.5), t.absolute(s.f32([n, 3], 'unit'))]
  const schedule = t.constantF32(s.builder, [1, 4], [1e6, 1, 1, 1])
  return s.builder.apply('adamw', [x, m, v, schedule], { epsilonBits: bitsOf(1e-8) })
}

const average =
  (operator: 'movingAverage' | 'movingSquare', decay: number, poison: number): Make =>
  (s, n) => {
    const x = s.poisoned([n, 3], poison)
    return s.builder.apply(operator, [x, x], { decayBits: bitsOf(decay), restBits: bitsOf(0.1) })
  }

/** Both slopes are above 1 at 2. */
const gradient =
  (operator: 'geluGradient' | 'siluGradient'): Make =>
  (s, n) =>
    s.builder.apply(
      operator,
      [t.broadcast(t.constantF32(s.builder, [1], [2]), [n, 3]), s.poisoned([n, 3], LARGEST)],
      {},
    )

export const divergingMakers: { readonly [N in OperatorName]?: readonly Make[] } = {
  add: [unary(x => t.add(x, x), LARGEST), unary(x => t.add(x, x), -LARGEST)],
  subtract: [unary(x => t.subtract(t.scale(x, -1), x), LARGEST)],
  multiply: [unary(x => t.multiply(x, x), 2 ** 30), unary(x => t.multiply(x, x), LARGEST)],
  scale: [unary(x => t.scale(x, 2 ** 30), 2 ** 30), unary(x => t.scale(x, -(2 ** 59)), LARGEST)],
  offset: [unary(x => t.offset(x, 2 ** 59), 2 ** 59)],
  exp: [unary(t.exp, 41.6), unary(t.exp, LARGEST)],
  log: [unary(x => t.log(t.absolute(x)), 0), unary(x => t.log(t.relu(x)), -3)],
  reciprocal: [unary(t.reciprocal, 2 ** -61), unary(t.reciprocal, -(2 ** -100))],
  reciprocalSquareRoot: [unary(x => t.reciprocalSquareRoot(x), -1)],
  geluGradient: [gradient('geluGradient')],
  siluGradient: [gradient('siluGradient')],
  gather: [
    (s, n) => t.gather(s.f32([7, 3], 'ordinary'), s.i32([n], 7, 7)),
    (s, n) => t.gather(s.f32([7, 3], 'ordinary'), s.i32([n], 7, -1)),
    (s, n) => t.gather(s.f32([7, 3], 'ordinary'), s.i32([n, 2], 7, -(2 ** 31))),
    (s, n) => t.gather(s.f32([7, 4], 'ordinary'), s.i32([n], 7, 2 ** 30)), // the flat index would wrap to a valid one
  ],
  pick: [
    (s, n) => t.pick(s.f32([n, 5], 'ordinary'), s.i32([n], 5, 5)),
    (s, n) => t.pick(s.f32([n, 5], 'ordinary'), s.i32([n], 5, -1)),
  ],
  rotary: [
    (s, n) => {
      const angles = () => t.broadcast(s.f32([1], 'positive', 1), [n, 2])
      return t.rotary(s.poisoned([n, 1, 2, 2], LARGEST), t.scale(angles(), 2 ** 22), angles())
    },
  ],
  powerOfTwoScale: [unary(x => t.powerOfTwoScale(t.absolute(x), 'mx8', 0), QUANTISE_LIMIT)],
  movingAverage: [average('movingAverage', 1.5, LARGEST)],
  movingSquare: [average('movingSquare', 0.9, 2 ** 40), average('movingSquare', 0.9, -LARGEST)],
  adamw: [adamw],
  sum: [
    (s, n) => t.sum(t.broadcast(s.poisoned([n, 1], 2 ** 59), [n, 2]), 1, 2),
    (s, n) => t.sum(t.broadcast(s.poisoned([1, n], -(2 ** 59)), [40, n]), 0, 1),
  ],
  scatterAdd: [scatterSum, scatterIndex(3), scatterIndex(-1), scatterIndex(-(2 ** 31))],
  quantise: [
    unary(x => t.dequantise(t.quantise(x, -1, 'mx8')), QUANTISE_LIMIT),
    unary(x => t.dequantise(t.quantise(x, -2, 'mx12')), -QUANTISE_LIMIT),
    unary(x => t.dequantise(t.quantise(x, -1, 'mx12', 1)), LARGEST),
    unary(x => t.dequantise(t.quantise(x, -2, 'mx8', 1)), LARGEST),
  ],
  contract: [contraction],
}

/** Left of a vector, across one, across tasks. */
const SIZES = [1, 6, 37, 1025]

/** Returns the cases of one operator that leave the domain there. */
export function divergingCases(operator: OperatorName, r: Random, quick = false): ConformanceCase[] {
  const sizes = quick ? [6] : SIZES
  return (divergingMakers[operator] ?? []).flatMap((make, variant) =>
    sizes.map(size => {
      const name = `${operator}/diverging ${variant}/${size}`
      // What follows leaves the domain as well, and must not be blamed.
      return caseOf(name, fork(r), s => ({ y: t.scale(t.offset(make(s, size), 1), 2 ** 59), z: unrelated(s.builder) }))
    }),
  )
}

function unrelated(builder: Parameters<typeof input>[0]): Tensor {
  return t.scale(t.constantF32(builder, [2], [1, 2]), 2)
}
