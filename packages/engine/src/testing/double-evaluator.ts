/**
 * What the operators mean as real functions, in double precision: one row an operator. Nothing is rounded to f32,
 * flushed or canonicalised, and quantisation keeps its operand (a contraction is an ordinary product). Used by tests
 * and by the quality check to judge the arithmetic of cn1, never to compute anything that is committed.
 */
import { philox4x32 } from '@cairn/primitives'
import type { Graph, Node } from '../graph.ts'
import type { MapName, OperatorName } from '../operators/attributes.ts'
import { floatOfBits } from '../scalar/program.ts'
import { broadcastStrides, elementCount, mantissaBits, type Shape, stridesOf } from '../tensor-type.ts'

/** A tensor's elements, row-major; integers too, and the plain values of quantised tensors. */
export type DoubleTensor = Float64Array

interface Wiring<N extends OperatorName> {
  readonly node: Node<N>
  readonly inputs: readonly Node[]
  readonly values: readonly DoubleTensor[]
}

type Rule<N extends OperatorName> = (wiring: Wiring<N>) => DoubleTensor

/** Calls back for every element of a shape with its coordinates and its row-major index. */
function forEachElement(shape: Shape, visit: (coordinates: readonly number[], index: number) => void): void {
  const coordinates = new Array<number>(shape.length).fill(0)
  for (let index = 0; index < elementCount(shape); index++) {
    visit(coordinates, index)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinates[axis] = (coordinates[axis] as number) + 1
      if ((coordinates[axis] as number) < (shape[axis] as number)) break
      coordinates[axis] = 0
    }
  }
}

const dot = (coordinates: readonly number[], strides: readonly number[]) =>
  strides.reduce((sum, stride, axis) => sum + stride * (coordinates[axis] as number), 0)

type Element<N extends OperatorName> = (
  at: readonly number[],
  wiring: Wiring<N>,
  x: (input: number) => number,
  index: number,
) => number

/** Computes every element by a formula; `x(n)` is input n, broadcast. */
const each =
  <N extends OperatorName>(formula: Element<N>): Rule<N> =>
  wiring => {
    const { node, inputs, values } = wiring
    const strides = inputs.map(input => broadcastStrides(input.shape, node.shape))
    const out = new Float64Array(elementCount(node.shape))
    forEachElement(node.shape, (at, index) => {
      const x = (input: number) => values[input]?.[dot(at, strides[input] as number[])] as number
      out[index] = formula(at, wiring, x, index)
    })
    return out
  }

const unary = (f: (x: number) => number) => each<MapName>((_, __, x) => f(x(0)))
const binary = (f: (x: number, y: number) => number) => each<MapName>((_, __, x) => f(x(0), x(1)))

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const GELU_SCALE = 2 * Math.sqrt(2 / Math.PI)
const GELU_CUBE = 0.044715
const geluSigmoid = (x: number) => sigmoid(GELU_SCALE * (x + GELU_CUBE * x ** 3))
/** d/dx of x s(u(x)) = s + x s (1 - s) u'. */
const slope = (x: number, s: number, innerSlope: number) => s + x * s * (1 - s) * innerSlope
const geluSlope = (x: number) => slope(x, geluSigmoid(x), GELU_SCALE * (1 + 3 * GELU_CUBE * x * x))
const siluSlope = (x: number) => slope(x, sigmoid(x), 1)

/** Reads an input at explicit coordinates. */
function read({ inputs, values }: Wiring<OperatorName>, input: number, at: readonly number[]): number {
  return values[input]?.[dot(at, stridesOf((inputs[input] as Node).shape))] as number
}

/** The words of N5 for one element; the key is input 0. */
function words({ values }: Wiring<OperatorName>, index: number, stream: number): readonly number[] {
  const [seed, replica, step] = values[0] as DoubleTensor
  return philox4x32([index, replica as number, step as number, 0], [seed as number, stream])
}

function normal(drawn: readonly number[]): number {
  const halves = drawn.flatMap(word => [word & 0xffff, word >>> 16])
  return halves.reduce((a, b) => a + b, 0) - (8 * 0xffff) / 2
}

/** Reduces axes [from, to), which become 1. */
const reduced =
  (combine: (a: number, b: number) => number): Rule<'sum' | 'maximum'> =>
  ({ node, inputs, values }) => {
    const { from, to } = node.attributes
    const out = new Float64Array(elementCount(node.shape)).fill(Number.NaN)
    const strides = stridesOf(node.shape).map((stride, axis) => (axis >= from && axis < to ? 0 : stride))
    forEachElement((inputs[0] as Node).shape, (at, index) => {
      const [to_, value] = [dot(at, strides), values[0]?.[index] as number]
      out[to_] = Number.isNaN(out[to_]) ? value : combine(out[to_] as number, value)
    })
    return out
  }

function rotaryElement(at: readonly number[], wiring: Wiring<'rotary'>): number {
  const rank = at.length
  const [t, pair, i] = [at[rank - 4] as number, at[rank - 2] as number, at[rank - 1] as number]
  const [cos, sin] = [read(wiring, 1, [t, i]), read(wiring, 2, [t, i])]
  const other = read(wiring, 0, at.with(rank - 2, 1 - pair))
  const sign = (pair === 0) === (wiring.node.attributes.inverse === 0) ? -1 : 1
  return read(wiring, 0, at) * cos + other * sin * sign
}

function powerOfTwo(absMax: number, { width, inverse }: Node<'powerOfTwoScale'>['attributes']): number {
  const exponent = absMax === 0 ? -127 : Math.floor(Math.log2(absMax))
  const scale = 2 ** Math.max(exponent - (mantissaBits[width] - 2), -59)
  return inverse === 1 ? 1 / scale : scale
}

function contract({ node, inputs, values }: Wiring<'contract'>): DoubleTensor {
  const [a, b] = inputs as [Node, Node]
  const [x, y] = values as [DoubleTensor, DoubleTensor]
  const k = a.shape.at(-1) as number
  const lead = node.shape.slice(0, -2)
  const starts = [a, b].map(({ shape }) =>
    broadcastStrides([...shape.slice(0, -1), 1], [...lead, shape.at(-2) as number, 1]),
  )
  const rows = (operand: 0 | 1, at: readonly number[], row: number) => {
    const strides = starts[operand] as number[]
    return k * (dot(at.slice(0, -2), strides.slice(0, -2)) + row * (strides.at(-2) as number))
  }
  const out = new Float64Array(elementCount(node.shape))
  forEachElement(node.shape, (at, index) => {
    const [from, other] = [rows(0, at, at.at(-2) as number), rows(1, at, at.at(-1) as number)]
    for (let i = 0; i < k; i++) out[index] = (out[index] as number) + (x[from + i] as number) * (y[other + i] as number)
  })
  return out
}

const copy = ({ values }: Wiring<OperatorName>) => Float64Array.from(values[0] as DoubleTensor)
const f = floatOfBits

/** One row an operator. */
const doubleRules: { readonly [N in OperatorName]: Rule<N> } = {
  input: ({ node }) => {
    throw new Error(`no value was given for the input ${node.attributes.name}`)
  },
  constant: ({ node }) => {
    const { dtype, values } = node.attributes
    return Float64Array.from(values, word => (dtype === 'i32' ? word | 0 : f(word)))
  },
  reshape: copy,
  add: binary((x, y) => x + y),
  subtract: binary((x, y) => x - y),
  multiply: binary((x, y) => x * y),
  scale: each((_, { node }, x) => x(0) * f(node.attributes.bits)),
  offset: each((_, { node }, x) => x(0) + f(node.attributes.bits)),
  absolute: unary(Math.abs),
  exp: unary(Math.exp),
  log: unary(Math.log),
  reciprocal: unary(x => (x === 0 ? 0 : 1 / x)),
  reciprocalSquareRoot: unary(x => (x === 0 ? 0 : 1 / Math.sqrt(x))),
  relu: unary(x => Math.max(x, 0)),
  reluGradient: binary((x, g) => (x > 0 ? g : 0)),
  gelu: unary(x => x * geluSigmoid(x)),
  geluGradient: binary((x, g) => g * geluSlope(x)),
  silu: unary(x => x * sigmoid(x)),
  siluGradient: binary((x, g) => g * siluSlope(x)),
  broadcast: unary(x => x),
  permute: each((at, wiring) => {
    const { order } = wiring.node.attributes
    return read(
      wiring,
      0,
      order.map((_, axis) => at[order.indexOf(axis)] as number),
    )
  }),
  gather: each((at, wiring) => read(wiring, 0, [read(wiring, 1, at.slice(0, -1)), at.at(-1) as number])),
  pick: each(([row], wiring) => read(wiring, 0, [row as number, read(wiring, 1, [row as number])])),
  place: each(([row, column], wiring) =>
    column === read(wiring, 1, [row as number]) ? read(wiring, 0, [row as number, 0]) : 0,
  ),
  stack: each(([n], { values }) => values[n as number]?.[0] as number),
  causalMask: each((at, wiring, x) =>
    (at.at(-1) as number) > read(wiring, 1, [at.at(-2) as number]) ? f(wiring.node.attributes.fillBits) : x(0),
  ),
  rotary: each((at, wiring) => rotaryElement(at, wiring)),
  replaceRow: each((at, { values }, x) => (at.at(-2) === values[2]?.[0] ? x(1) : x(0))),
  powerOfTwoScale: each((_, { node }, x) => powerOfTwo(x(0), node.attributes)),
  dropoutMask: each((_, wiring, __, index) => {
    const { stream, keepBelow, scaleBits } = wiring.node.attributes
    return (words(wiring, index, stream)[0] as number) < keepBelow ? f(scaleBits) : 0
  }),
  normal: each((_, wiring, __, index) => {
    const { stream, unitBits } = wiring.node.attributes
    return normal(words(wiring, index, stream)) * f(unitBits)
  }),
  movingAverage: each((_, { node }, x) => x(0) * f(node.attributes.decayBits) + x(1) * f(node.attributes.restBits)),
  movingSquare: each((_, { node }, x) => x(0) * f(node.attributes.decayBits) + x(1) ** 2 * f(node.attributes.restBits)),
  adamw: each((_, { node, values }, x) => {
    const [rate, keep, first, second] = values[3] as unknown as [number, number, number, number]
    const root = Math.sqrt(x(2) * second) + f(node.attributes.epsilonBits)
    return x(0) * keep - (rate * x(1) * first) / root
  }),
  clipFactor: each((_, { node }, x) => Math.min(1, f(node.attributes.maximumBits) / Math.sqrt(x(0)))),
  sum: reduced((a, b) => a + b),
  maximum: reduced(Math.max),
  scatterAdd: ({ node, values }) => {
    const width = node.shape[1] as number
    const out = new Float64Array(elementCount(node.shape))
    ;(values[0] as DoubleTensor).forEach((g, i) => {
      const at = (values[1]?.[Math.floor(i / width)] as number) * width + (i % width)
      out[at] = (out[at] as number) + g
    })
    return out
  },
  quantise: each((at, wiring) => {
    const rank = at.length
    if (wiring.node.attributes.axis === -1) return read(wiring, 0, at)
    return read(wiring, 0, [...at.slice(0, rank - 2), at[rank - 1] as number, at[rank - 2] as number])
  }),
  dequantise: copy,
  contract,
}

/** Returns the value of every node for the given named inputs. */
export function evaluateInDouble(graph: Graph, named: Readonly<Record<string, DoubleTensor>>): DoubleTensor[] {
  const values: DoubleTensor[] = []
  for (const node of graph.nodes) {
    const given = node.operator === 'input' ? named[(node as Node<'input'>).attributes.name] : undefined
    const wiring = {
      node,
      inputs: node.inputs.map(id => graph.nodes[id] as Node),
      values: node.inputs.map(id => values[id] as DoubleTensor),
    }
    values.push(given ?? (doubleRules[node.operator] as Rule<OperatorName>)(wiring))
  }
  return values
}
