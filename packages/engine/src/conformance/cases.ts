/**
 * Conformance cases: for every operator, graphs over random shapes (1, primes, more than 1,000, more than 4,096 for
 * reductions) with values that reach the edges of the domain. The table is exhaustive: a new operator without a case
 * does not compile.
 */
import { bytesOf } from '../backend.ts'
import { type Graph, type GraphBuilder, graphBuilder, input, type Tensor } from '../graph.ts'
import type { MapName, OperatorName } from '../operators/attributes.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import { type DType, elementCount, type QuantisedDType, type Shape } from '../tensor-type.ts'
import { floats, integers, type Random, type ValueKind } from './values.ts'

export interface ConformanceCase {
  readonly name: string
  readonly graph: Graph
  readonly inputs: Readonly<Record<string, Uint8Array>>
}

interface Sketch {
  readonly builder: GraphBuilder
  readonly r: Random
  /** Declares an f32 input with random values. */
  readonly f32: (shape: Shape, kind?: ValueKind, high?: number) => Tensor
  /** Declares an i32 input with random values below `bound`. */
  readonly i32: (shape: Shape, bound: number) => Tensor
  readonly key: () => Tensor
}

type Make = (s: Sketch, size: number) => Tensor

function sketch(r: Random): Sketch & { readonly inputs: Record<string, Uint8Array> } {
  const builder = graphBuilder()
  const inputs: Record<string, Uint8Array> = {}
  const declare = (shape: Shape, dtype: DType, bytes: Uint8Array) => {
    const name = `x${Object.keys(inputs).length}`
    inputs[name] = bytes
    return input(builder, name, shape, dtype)
  }
  return {
    builder,
    r,
    inputs,
    f32: (shape, kind = 'wide', high = 20) =>
      declare(shape, 'f32', bytesOf(floats(r, elementCount(shape), kind, high))),
    i32: (shape, bound) => declare(shape, 'i32', bytesOf(integers(r, elementCount(shape), bound))),
    key: () => declare([3], 'i32', bytesOf(integers(r, 3, 2 ** 31))),
  }
}

/** Small second dimension that goes with a size, so that tensors stay small: primes and multiples of the lanes. */
const beside = (r: Random) => [1, 3, 4, 7, 16, 37][r.below(6)] as number
const unary =
  (f: (x: Tensor) => Tensor, kind: ValueKind = 'wide', high = 20): Make =>
  (s, n) =>
    f(s.f32([n, beside(s.r)], kind, high))
const pair =
  (name: MapName, kind: ValueKind = 'ordinary', attributes: object = {}): Make =>
  (s, n) => {
    const shape = [n, beside(s.r)]
    return s.builder.apply(name, [s.f32(shape, kind), s.f32(shape, kind)], attributes as never)
  }
const broadcasting =
  (f: (x: Tensor, y: Tensor) => Tensor): Make =>
  (s, n) => {
    const [a, b] = [beside(s.r), beside(s.r)]
    const shapes: Shape[][] = [
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
    ]
    const [x, y] = shapes[s.r.below(shapes.length)] as [Shape, Shape]
    return f(s.f32(x), s.f32(y))
  }

const reductions =
  (f: (x: Tensor, from: number, to: number) => Tensor): Make =>
  (s, n) => {
    const a = beside(s.r)
    const views: [Shape, number, number][] = [
      [[a, n], 1, 2],
      [[n, a], 0, 1],
      [[2, n, a], 1, 2],
      [[a, n], 0, 2],
      [[n, 2, a], 0, 2],
    ]
    const [shape, from, to] = views[s.r.below(views.length)] as [Shape, number, number]
    return f(s.f32(shape, 'wide', 30), from, to)
  }

const quantising =
  (width: QuantisedDType): Make =>
  (s, n) => {
    const a = beside(s.r)
    const x = s.f32([2, n, a], 'wide', 40)
    return t.quantise(x, s.r.below(2) === 0 ? -1 : -2, width)
  }

const contracting =
  (width: QuantisedDType): Make =>
  (s, n) => {
    const [m, k] = [beside(s.r), beside(s.r)]
    const shapes: [Shape, Shape][] = [
      [
        [m, n],
        [n, k],
      ],
      [
        [n, m],
        [m, k],
      ],
      [
        [2, 3, m, k],
        [2, 1, k, n],
      ],
      [
        [3, m, n],
        [n, k],
      ],
    ]
    const [a, b] = shapes[s.r.below(shapes.length)] as [Shape, Shape]
    return t.matmul(s.f32(a, 'wide', 10), s.f32(b, 'wide', 10), width)
  }

const attention = (n: number) => Math.min(n, 67)

/** At least one graph for every operator. `size` is the interesting dimension. */
export const makers: { readonly [N in OperatorName]: readonly Make[] } = {
  input: [(s, n) => t.scale(s.f32([n]), 1)],
  constant: [(s, n) => t.add(s.f32([n]), t.constantF32(s.builder, [1], [0.75]))],
  reshape: [(s, n) => t.scale(t.reshape(s.f32([n, 6]), [2, n, 3]), 3)],
  add: [broadcasting(t.add)],
  subtract: [broadcasting(t.subtract)],
  multiply: [broadcasting(t.multiply)],
  scale: [unary(x => t.scale(x, 0.3)), unary(x => t.scale(x, 1e-9)), unary(x => t.scale(x, -7e8))],
  offset: [unary(x => t.offset(x, 1e-5)), unary(x => t.offset(x, -3))],
  absolute: [unary(t.absolute)],
  exp: [unary(t.exp, 'ordinary'), unary(t.exp, 'wide', 5)],
  log: [unary(t.log, 'positive')],
  reciprocal: [unary(t.reciprocal, 'ordinary'), unary(t.reciprocal, 'wide', 50)],
  reciprocalSquareRoot: [unary(x => t.reciprocalSquareRoot(t.absolute(x)), 'wide', 59)],
  relu: [unary(t.relu)],
  reluGradient: [pair('reluGradient', 'wide')],
  gelu: [unary(t.gelu, 'ordinary'), unary(t.gelu)],
  geluGradient: [pair('geluGradient'), pair('geluGradient', 'wide')],
  silu: [unary(t.silu, 'ordinary'), unary(t.silu)],
  siluGradient: [pair('siluGradient'), pair('siluGradient', 'wide')],
  broadcast: [
    (s, n) => t.broadcast(s.f32([n, 1]), [3, n, beside(s.r)]),
    (s, n) => t.broadcast(s.f32([n]), [beside(s.r), n]),
  ],
  permute: [
    (s, n) => t.permute(s.f32([n, 3, beside(s.r)]), [1, 0, 2]),
    (s, n) => t.permute(s.f32([2, n, 5]), [0, 2, 1]),
  ],
  gather: [(s, n) => t.gather(s.f32([n, beside(s.r)]), s.i32([3, 5], n))],
  pick: [(s, n) => t.pick(s.f32([n, 11]), s.i32([n], 11))],
  place: [(s, n) => t.place(s.f32([n, 1]), s.i32([n], 13), 13)],
  stack: [(s, n) => t.stack(Array.from({ length: Math.min(n, 40) }, () => s.f32([1])))],
  causalMask: [
    (s, n) => t.causalMask(s.f32([2, attention(n), attention(n)]), s.i32([attention(n)], attention(n)), -(2 ** 59)),
  ],
  rotary: [
    (s, n) => t.rotary(s.f32([2, n, 3, 2, 4]), s.f32([n, 4], 'unit'), s.f32([n, 4], 'unit')),
    (s, n) => t.rotary(s.f32([n, 3, 2, 5]), s.f32([n, 5], 'unit'), s.f32([n, 5], 'unit'), 1),
  ],
  replaceRow: [(s, n) => t.replaceRow(s.f32([2, n, 3]), s.f32([2, 1, 3]), s.i32([1], n))],
  powerOfTwoScale: [
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx8', 0), 'wide', 47),
    unary(x => t.powerOfTwoScale(t.absolute(x), 'mx12', 1), 'wide', 47),
  ],
  dropoutMask: [
    (s, n) =>
      s.builder.apply('dropoutMask', [s.key()], {
        shape: [n, beside(s.r)],
        stream: 5,
        keepBelow: 0xc0000000,
        scaleBits: bitsOf(4 / 3),
      }),
  ],
  normal: [
    (s, n) =>
      s.builder.apply('normal', [s.key()], { shape: [n, beside(s.r)], stream: 9, unitBits: bitsOf(0.02 / 53509.9) }),
  ],
  movingAverage: [pair('movingAverage', 'wide', { decayBits: bitsOf(0.9), restBits: bitsOf(0.1) })],
  movingSquare: [pair('movingSquare', 'wide', { decayBits: bitsOf(0.999), restBits: bitsOf(0.001) })],
  adamw: [
    (s, n) => {
      const shape = [n, beside(s.r)]
      const v = t.absolute(s.f32(shape))
      return s.builder.apply('adamw', [s.f32(shape), s.f32(shape), v, s.f32([1, 4], 'positive')], {
        epsilonBits: bitsOf(1e-8),
      })
    },
  ],
  clipFactor: [s => s.builder.apply('clipFactor', [t.absolute(s.f32([1], 'wide', 30))], { maximumBits: bitsOf(1) })],
  sum: [reductions(t.sum)],
  maximum: [reductions(t.maximum)],
  scatterAdd: [(s, n) => t.scatterAdd(s.f32([n, beside(s.r)], 'wide', 30), s.i32([n], 7), 7)],
  quantise: [
    quantising('mx8'),
    quantising('mx12'),
    (s, n) => t.quantise(t.permute(s.f32([2, n, 3, 8], 'ordinary'), [0, 2, 1, 3]), -1, 'mx8'),
    (s, n) => t.quantise(t.permute(s.f32([2, n, 3, 8], 'ordinary'), [0, 2, 1, 3]), -2, 'mx8'),
    (s, n) => t.quantise(s.f32([n, 9], 'ordinary'), -2, 'mx8', 1),
  ],
  dequantise: [(s, n) => t.dequantise(t.quantise(s.f32([3, n], 'wide', 40), -1, 'mx8'))],
  contract: [contracting('mx8'), contracting('mx12')],
}

const sizes: Record<'small' | 'large', readonly number[]> = {
  small: [1, 2, 3, 5, 13, 32, 33, 64, 101],
  large: [1009, 1024],
}
const reducing: ReadonlySet<OperatorName> = new Set(['sum', 'maximum'])
const LARGER_THAN_A_CHUNK = [4096, 4099, 9001]

/** Returns all cases of one operator. */
export function operatorCases(operator: OperatorName, r: Random): ConformanceCase[] {
  const all = [...sizes.small, ...sizes.large, ...(reducing.has(operator) ? LARGER_THAN_A_CHUNK : [])]
  return makers[operator].flatMap((make, variant) =>
    all.map(size => {
      const s = sketch(r)
      const graph = s.builder.finish({ y: make(s, size) })
      const used = Object.fromEntries(Object.entries(s.inputs).filter(([name]) => graph.inputs[name] !== undefined))
      return { name: `${operator}/${variant}/${size}`, graph, inputs: used }
    }),
  )
}
