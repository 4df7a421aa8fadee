/**
 * Conformance cases: for every operator, graphs over random shapes (1, primes, more than 1,000, more than 4,096 for
 * reductions; ranks 1 to 4) with values that reach the edges of the domain. The table is exhaustive: a new operator
 * without a case does not compile. Cases that leave the domain stand in `diverging-cases.ts`.
 */
import type { Tensor } from '../graph.ts'
import type { MapName, OperatorName } from '../operators/attributes.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import type { QuantisedDType, Shape } from '../tensor-type.ts'
import { type ConformanceCase, caseOf, type Make, oneOf, type Sketch } from './sketch.ts'
import { fork, type Random, type ValueKind } from './values.ts'

/** Small second dimension that goes with a size, so that tensors stay small: primes and multiples of the lanes. */
const beside = (r: Random) => oneOf(r, [1, 3, 4, 7, 16, 37])

/** Ranks 1 to 4; the size is the innermost axis, the outermost or one in the middle. */
function anyShape(r: Random, n: number): Shape {
  const b = beside(r)
  return oneOf(r, [[n], [n, b], [b, n], [2, n, b], [3, 1, n], [2, 1, n, 3], [1, n, 2, 1]])
}

const unary =
  (f: (x: Tensor) => Tensor, kind: ValueKind = 'wide', high = 20): Make =>
  (s, n) =>
    f(s.f32(anyShape(s.r, n), kind, high))

const pair =
  (name: MapName, kind: ValueKind = 'ordinary', attributes: object = {}): Make =>
  (s, n) => {
    const shape = anyShape(s.r, n)
    return s.builder.apply(name, [s.f32(shape, kind), s.f32(shape, kind)], attributes as never)
  }

type Binary = (x: Tensor, y: Tensor) => Tensor

const broadcasting =
  (f: Binary, kind: ValueKind = 'wide', high = 20): Make =>
  (s, n) => {
    const [a, b] = [beside(s.r), beside(s.r)]
    const [x, y] = oneOf<readonly [Shape, Shape]>(s.r, [
      [[n], [n]],
      [[a, n], [n]],
      [
        [n, a],
        [n, 1],
      ],
      [
        [a, b, n],
        [b, 1],
      ],
      [[1], [n]],
      [
        [2, 1, n, 1],
        [3, 1, 5],
      ],
      [
        [n, 1],
        [1, a],
      ],
      [
        [3, n],
        [1, 1],
      ],
    ])
    return f(s.f32(x, kind, high), s.f32(y, kind, high))
  }

type Reduce = (x: Tensor, from: number, to: number) => Tensor

/** One maker a view: over the last axis, the first, one or two in the middle, all. */
const reductions = (f: Reduce, kind: ValueKind): Make[] => {
  const views: ((n: number, a: number) => readonly [Shape, number, number])[] = [
    (n, a) => [[a, n], 1, 2],
    (n, a) => [[n, a], 0, 1],
    (n, a) => [[2, n, a], 1, 2],
    (n, a) => [[a, n], 0, 2],
    (n, a) => [[2, n, 2, a], 1, 3],
    n => [[n], 0, 1],
  ]
  return views.map(view => (s, n) => {
    const [shape, from, to] = view(n, beside(s.r))
    return f(s.f32(shape, kind, 30), from, to)
  })
}

const quantising =
  (width: QuantisedDType, kind: ValueKind, fixed: 0 | 1 = 0): Make =>
  (s, n) => {
    const a = beside(s.r)
    const shape = oneOf<Shape>(s.r, [
      [n, a],
      [a, n],
      [2, n, a],
      [1, 3, n, 4],
    ])
    return t.quantise(s.f32(shape, kind, 40), oneOf(s.r, [-1, -2]), width, fixed)
  }

const contracting =
  (width: QuantisedDType, kind: ValueKind): Make =>
  (s, n) => {
    const [m, k] = [beside(s.r), beside(s.r)]
    const [a, b] = oneOf<readonly [Shape, Shape]>(s.r, [
      [
        [m, n],
        [n, k],
      ],
      [
        [n, m],
        [m, k],
      ],
      [
        [k, m],
        [m, n],
      ],
      [
        [2, 3, m, k],
        [2, 1, k, n],
      ],
      [
        [3, m, n],
        [n, k],
      ],
      [
        [1, m, n],
        [4, n, k],
      ],
    ])
    const [left, right] = [s.f32(a, kind, 10), s.f32(b, kind, 10)]
    return oneOf<() => Tensor>(s.r, [
      () => t.matmul(left, right, width),
      () => t.contract(t.quantise(t.permute(left, swapped(a)), -2, width), t.quantise(right, -2, width)),
    ])()
  }

/** The order that swaps the last two of the axes. */
const swapped = (shape: Shape) => shape.map((_, axis) => (axis < shape.length - 2 ? axis : 2 * shape.length - 3 - axis))

/** Operands of any mantissas and scales: partial sums far apart, and rows that do not fill a panel. */
const contractingQuantised =
  (width: QuantisedDType): Make =>
  (s, n) => {
    const [m, k] = [beside(s.r), beside(s.r)]
    const [a, b] = oneOf<readonly [Shape, Shape]>(s.r, [
      [
        [m, n],
        [k, n],
      ],
      [
        [n, m],
        [k, m],
      ],
      [
        [2, m, k],
        [1, n, k],
      ],
    ])
    return t.contract(s.quantised(a, width), s.quantised(b, width))
  }

const attention = (n: number) => Math.min(n, 67)

/** Schedule rows as a job has them: rate, 1 - rate * decay, 1/(1-b1^t), 1/(1-b2^t). */
const schedule = (s: Sketch, row: readonly number[]) => t.constantF32(s.builder, [1, 4], row)

const adamw =
  (row: (s: Sketch) => Tensor, kind: ValueKind): Make =>
  (s, n) => {
    const shape = anyShape(s.r, n)
    const v = t.absolute(s.f32(shape, kind))
    return s.builder.apply('adamw', [s.f32(shape, kind), s.f32(shape, kind), v, row(s)], { epsilonBits: bitsOf(1e-8) })
  }

const random =
  (name: 'dropoutMask' | 'normal', attributes: object): Make =>
  (s, n) =>
    s.builder.apply(name, [s.key()], { shape: anyShape(s.r, n), ...attributes } as never)

const clip =
  (high: number, maximum: number): Make =>
  s =>
    s.builder.apply('clipFactor', [t.absolute(s.f32([1], 'wide', high))], { maximumBits: bitsOf(maximum) })

/** At least one graph for every operator. `size` is the interesting dimension. */
export const makers: { readonly [N in OperatorName]: readonly Make[] } = {
  input: [
    (s, n) => t.scale(s.f32([n]), 1),
    (s, n) => t.dequantise(s.quantised([3, n], 'mx8')),
    (s, n) => t.dequantise(s.quantised([2, 5, n], 'mx12')),
  ],
  constant: [
    (s, n) => t.add(s.f32([n]), t.constantF32(s.builder, [1], [0.75])),
    (s, n) => t.gather(s.f32([4, n]), t.constantI32(s.builder, [3, 0, 3])),
  ],
  reshape: [
    (s, n) => t.scale(t.reshape(s.f32([n, 6]), [2, n, 3]), 3),
    (s, n) => t.reshape(t.add(s.f32([3, n]), s.f32([n])), [n, 3]),
    (s, n) => t.gather(s.f32([5, 3]), t.reshape(s.i32([n, 2], 5), [2, n])),
  ],
  add: [
    broadcasting(t.add),
    broadcasting(t.add, 'ordinary'),
    unary(x => t.add(x, t.scale(x, -1 - 2 ** -20)), 'smallest'),
  ],
  subtract: [
    broadcasting(t.subtract),
    broadcasting(t.subtract, 'ordinary'),
    unary(x => t.subtract(x, t.scale(x, 0.75)), 'smallest'),
  ],
  multiply: [broadcasting(t.multiply), broadcasting(t.multiply, 'ordinary'), broadcasting(t.multiply, 'tiny')],
  scale: [
    unary(x => t.scale(x, 0.3)),
    unary(x => t.scale(x, 1e-9)),
    unary(x => t.scale(x, -7e8)),
    unary(x => t.scale(x, 2 ** -60)),
    unary(x => t.scale(x, 0.1), 'smallest'),
    unary(x => t.scale(x, 1e17), 'wide', 3),
  ],
  offset: [unary(x => t.offset(x, 1e-5)), unary(x => t.offset(x, -3), 'ordinary'), unary(x => t.offset(x, 1e17))],
  absolute: [unary(t.absolute)],
  exp: [unary(t.exp, 'ordinary'), unary(t.exp, 'wide', 5)],
  log: [unary(t.log, 'positive'), unary(x => t.log(t.offset(t.absolute(x), 2 ** -100)), 'wide', 59)],
  reciprocal: [unary(t.reciprocal, 'ordinary'), unary(x => t.reciprocal(t.scale(x, 2 ** 41)), 'wide', 18)],
  reciprocalSquareRoot: [unary(x => t.reciprocalSquareRoot(t.absolute(x)), 'wide', 59)],
  relu: [unary(t.relu), unary(t.relu, 'ordinary')],
  reluGradient: [pair('reluGradient', 'wide'), pair('reluGradient')],
  gelu: [unary(t.gelu, 'ordinary'), unary(t.gelu)],
  geluGradient: [pair('geluGradient'), pair('geluGradient', 'wide')],
  silu: [unary(t.silu, 'ordinary'), unary(t.silu)],
  siluGradient: [pair('siluGradient'), pair('siluGradient', 'wide')],
  broadcast: [
    (s, n) => t.broadcast(s.f32([n, 1]), [3, n, beside(s.r)]),
    (s, n) => t.broadcast(s.f32([n]), [beside(s.r), n]),
    (s, n) => t.broadcast(s.f32([1]), [n]),
    (s, n) => t.broadcast(s.f32([2, 1, n, 1]), [2, 3, n, 5]),
  ],
  permute: [
    (s, n) => t.permute(s.f32([n, 3, beside(s.r)]), [1, 0, 2]),
    (s, n) => t.permute(s.f32([2, n, 5]), [0, 2, 1]),
    (s, n) => t.permute(s.f32([n, beside(s.r)]), [1, 0]),
    (s, n) => t.permute(s.f32([2, n, 3, 4]), [3, 0, 2, 1]),
  ],
  gather: [
    (s, n) => t.gather(s.f32([n, beside(s.r)]), s.i32([3, 5], n)),
    (s, n) => t.gather(s.f32([7, beside(s.r)]), s.i32([n], 7)),
    (s, n) => t.gather(s.f32([3, n]), s.i32([2, 1, 2], 3)),
  ],
  pick: [(s, n) => t.pick(s.f32([n, 11]), s.i32([n], 11)), (s, n) => t.pick(s.f32([5, n]), s.i32([5], n))],
  place: [
    (s, n) => t.place(s.f32([n, 1]), s.i32([n], 13), 13),
    (s, n) => t.place(s.f32([5, 1]), s.i32([5], n), n),
    (s, n) => t.place(s.f32([n, 1]), s.i32([n], 13, -1), 12),
  ],
  stack: [(s, n) => t.stack(Array.from({ length: Math.min(n, 40) }, () => s.f32([1])))],
  causalMask: [
    (s, n) => t.causalMask(s.f32([2, attention(n), attention(n)]), s.i32([attention(n)], attention(n)), -(2 ** 59)),
    (s, n) => t.causalMask(s.f32([1, 3, 1, n]), s.i32([1], n), -1e9),
    (s, n) => t.causalMask(s.f32([n, 5]), s.i32([n], 5), 0),
  ],
  rotary: [
    (s, n) => t.rotary(s.f32([2, n, 3, 2, 4]), s.f32([n, 4], 'unit'), s.f32([n, 4], 'unit')),
    (s, n) => t.rotary(s.f32([n, 3, 2, 5]), s.f32([n, 5], 'unit'), s.f32([n, 5], 'unit'), 1),
    (s, n) => t.rotary(s.f32([3, 2, 2, n], 'ordinary'), s.f32([3, n], 'unit'), s.f32([3, n], 'unit')),
  ],
  replaceRow: [
    (s, n) => t.replaceRow(s.f32([2, n, 3]), s.f32([2, 1, 3]), s.i32([1], n)),
    (s, n) => t.replaceRow(s.f32([5, n]), s.f32([1, n]), s.i32([1], 5)),
    (s, n) => t.replaceRow(s.f32([5, n]), s.f32([1, n]), s.i32([1], 1, 5)),
  ],
  powerOfTwoScale: [
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx8', 1), 'tiny'),
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx8', 0), 'wide', 47),
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx12', 1), 'wide', 47),
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx8', 1), 'ordinary'),
  ],
  dropoutMask: [
    random('dropoutMask', { stream: 5, keepBelow: 0xc0000000, scaleBits: bitsOf(4 / 3) }),
    random('dropoutMask', { stream: 0x7fffffff, keepBelow: 0x10000000, scaleBits: bitsOf(16) }),
  ],
  normal: [random('normal', { stream: 9, unitBits: bitsOf(0.02 / 53509.9) })],
  movingAverage: [
    pair('movingAverage', 'wide', { decayBits: bitsOf(0.9), restBits: bitsOf(0.1) }),
    pair('movingAverage', 'ordinary', { decayBits: bitsOf(0.9), restBits: bitsOf(1 - 0.9) }),
  ],
  movingSquare: [
    pair('movingSquare', 'wide', { decayBits: bitsOf(0.999), restBits: bitsOf(0.001) }),
    pair('movingSquare', 'ordinary', { decayBits: bitsOf(0.95), restBits: bitsOf(1 - 0.95) }),
  ],
  adamw: [
    adamw(s => s.f32([1, 4], 'positive'), 'wide'),
    adamw(s => schedule(s, [1e-3, 0.9999, 10, 1000]), 'ordinary'),
    adamw(s => schedule(s, [3e-4, 1, 1.5, 2.5]), 'unit'),
  ],
  clipFactor: [clip(30, 1), clip(-2, 1), clip(10, 0.3)],
  sum: [...reductions(t.sum, 'wide'), ...reductions(t.sum, 'ordinary')],
  maximum: [...reductions(t.maximum, 'wide'), ...reductions(t.maximum, 'ties')],
  scatterAdd: [
    (s, n) => t.scatterAdd(s.f32([n, beside(s.r)], 'wide', 30), s.i32([n], 7), 7),
    (s, n) => t.scatterAdd(s.f32([n, beside(s.r)], 'ordinary'), s.i32([n], 2), 1 + s.r.below(2) + 1),
    (s, n) => t.scatterAdd(s.f32([11, n], 'ordinary'), s.i32([11], 5), 5),
    (s, n) => t.scatterAdd(s.f32([11, beside(s.r)], 'ordinary'), s.i32([11], n), n),
  ],
  quantise: [
    quantising('mx8', 'wide'),
    quantising('mx12', 'wide'),
    quantising('mx8', 'ordinary'),
    quantising('mx12', 'ordinary'),
    quantising('mx8', 'ties'),
    quantising('mx12', 'ties'),
    quantising('mx8', 'tiny'),
    quantising('mx12', 'tiny'),
    quantising('mx8', 'ordinary', 1),
    quantising('mx12', 'wide', 1),
    (s, n) => t.quantise(t.permute(s.f32([2, n, 3, 8], 'ordinary'), [0, 2, 1, 3]), -1, 'mx8'),
    (s, n) => t.quantise(t.permute(s.f32([2, n, 3, 8], 'ordinary'), [0, 2, 1, 3]), -2, 'mx8'),
    (s, n) => t.quantise(t.permute(s.f32([2, 3, n, 9], 'ordinary'), [0, 1, 3, 2]), -1, 'mx12'),
    (s, n) => t.quantise(t.permute(s.f32([n, 3, 5], 'ordinary'), [2, 1, 0]), -2, 'mx8'),
  ],
  dequantise: [
    (s, n) => t.dequantise(t.quantise(s.f32([3, n], 'wide', 40), -1, 'mx8')),
    (s, n) => t.dequantise(t.quantise(s.f32([n, 9], 'ordinary'), -2, 'mx12')),
    (s, n) => t.dequantise(t.quantise(s.f32([2, n, 40], 'ordinary'), -1, 'mx8')),
  ],
  contract: [
    contracting('mx8', 'ordinary'),
    contracting('mx12', 'ordinary'),
    contracting('mx8', 'wide'),
    contracting('mx12', 'wide'),
    contractingQuantised('mx8'),
    contractingQuantised('mx12'),
  ],
}

export interface Sizes {
  readonly all: readonly number[]
  /** Beyond one chunk of N3, for reductions only. */
  readonly beyondChunk: readonly number[]
}

export const wholeSizes: Sizes = {
  all: [1, 2, 3, 5, 13, 32, 33, 64, 101, 1009, 1024],
  beyondChunk: [4096, 4099, 9001],
}
/** Enough for whole vectors, rests, and more than one block, panel and chunk. */
export const quickSizes: Sizes = { all: [1, 37], beyondChunk: [4099] }
const reducing: ReadonlySet<OperatorName> = new Set(['sum', 'maximum'])

/** Returns the cases of one operator that stay in the domain. Each has its own random values. */
export function operatorCases(operator: OperatorName, r: Random, sizes: Sizes = wholeSizes): ConformanceCase[] {
  const all = [...sizes.all, ...(reducing.has(operator) ? sizes.beyondChunk : [])]
  return makers[operator].flatMap((make, variant) =>
    all.map(size => caseOf(`${operator}/${variant}/${size}`, fork(r), s => ({ y: make(s, size) }))),
  )
}
