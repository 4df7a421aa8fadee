/**
 * Random graphs over the whole operator table: shared subexpressions, several outputs, carries. They exercise what
 * single operators cannot: fusion, folded permutations, shared memory, state that is overwritten in place.
 */
import type { Tensor } from '../graph.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import { broadcastShape, elementCount, type QuantisedDType, type Shape, sameShape } from '../tensor-type.ts'
import { type ConformanceCase, oneOf, type Sketch, sketch, usedInputs } from './sketch.ts'
import { fork, type Random } from './values.ts'

const LARGEST_TENSOR = 4096
const STEPS = 3

/** The tensors made so far. */
interface Pool {
  readonly s: Sketch
  readonly r: Random
  readonly f32: Tensor[]
  readonly quantised: Tensor[]
}

/** Appends one operator over tensors of the pool. */
type Grow = (p: Pool) => Tensor

const small = (r: Random) => oneOf(r, [1, 2, 3, 4, 5, 8, 16, 33])
const randomShape = (r: Random): Shape => Array.from({ length: 1 + r.below(4) }, () => small(r))

/** Any tensor, recent ones likelier, so that graphs grow deep as well as wide. */
const any = ({ r, f32 }: Pool): Tensor =>
  r.below(2) === 0 ? (f32.at(-1 - r.below(Math.min(3, f32.length))) as Tensor) : oneOf(r, f32)

const atLeast = (p: Pool, rank: number): Tensor => {
  const x = any(p)
  return x.shape.length >= rank ? x : t.reshape(x, [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape])
}

/** A tensor of exactly this shape: one of the pool, or a new input. */
function like(p: Pool, shape: Shape): Tensor {
  const known = p.f32.filter(x => sameShape(x.shape, shape))
  return known.length > 0 && p.r.below(4) > 0 ? oneOf(p.r, known) : p.s.f32(shape, 'ordinary')
}

/** A tensor that broadcasts with x: one of the pool, or one with some axes cut to 1. */
function partner(p: Pool, x: Tensor): Tensor {
  const fits = (y: Tensor) => {
    const shape = broadcastShape(x.shape, y.shape)
    return shape !== undefined && elementCount(shape) <= LARGEST_TENSOR
  }
  const known = p.f32.filter(fits)
  if (p.r.below(3) > 0 && known.length > 0) return oneOf(p.r, known)
  const cut = x.shape.map(n => (p.r.below(2) === 0 ? 1 : n))
  return like(p, cut.slice(p.r.below(cut.length)))
}

/** Brings any value into (-1, 1), so that functions that grow fast stay in the domain. */
function calm(p: Pool): Tensor {
  const x = any(p)
  return p.r.below(8) === 0 ? x : t.multiply(x, t.reciprocal(t.offset(t.absolute(x), 1)))
}

const positive = (p: Pool) => t.offset(t.absolute(any(p)), 0.5)
const width = (r: Random): QuantisedDType => oneOf(r, ['mx8', 'mx12'])
const axis = (r: Random): -1 | -2 => oneOf(r, [-1, -2])

function regrouped(p: Pool): Tensor {
  const x = any(p)
  const at = p.r.below(x.shape.length)
  const merged = [...x.shape.slice(0, at), elementCount(x.shape.slice(at))]
  return t.reshape(x, oneOf<Shape>(p.r, [merged, [1, ...x.shape], [...x.shape, 1], [elementCount(x.shape)]]))
}

function shuffled(r: Random, rank: number): number[] {
  const order = Array.from({ length: rank }, (_, n) => n)
  for (let n = rank - 1; n > 0; n--) {
    const other = r.below(n + 1)
    ;[order[n], order[other]] = [order[other] as number, order[n] as number]
  }
  return order
}

const permuted = (p: Pool, x: Tensor) => t.permute(x, shuffled(p.r, x.shape.length))

function quantised(p: Pool, x: Tensor, along: -1 | -2, w: QuantisedDType): Tensor {
  const result = t.quantise(x, along, w)
  p.quantised.push(result)
  return result
}

/** x [..., M, K] by w [N, K] or [K, N]. */
function contracted(p: Pool): Tensor {
  const x = atLeast(p, 2)
  const [rows, k, n, w] = [x.shape.at(-2) as number, x.shape.at(-1) as number, small(p.r), width(p.r)]
  if (p.r.below(3) === 0) return t.contract(quantised(p, x, -2, w), quantised(p, like(p, [n, rows]), -1, w))
  return t.contract(quantised(p, x, -1, w), quantised(p, like(p, [k, n]), -2, w))
}

function reduced(p: Pool, reduce: (x: Tensor, from: number, to: number) => Tensor): Tensor {
  const x = any(p)
  const from = p.r.below(x.shape.length)
  return reduce(x, from, from + 1 + p.r.below(x.shape.length - from))
}

/** Views a tensor as [T, H, 2, half] and rotates it. */
function rotated(p: Pool): Tensor {
  const x = p.f32.find(y => y.shape.length >= 2 && (y.shape.at(-1) as number) % 4 === 0) ?? p.s.f32([6, 8], 'ordinary')
  const half = (x.shape.at(-1) as number) / 2
  const rows = elementCount(x.shape) / (2 * half)
  const [cos, sin] = [p.s.f32([rows, half], 'unit'), p.s.f32([rows, half], 'unit')]
  return t.rotary(t.reshape(x, [rows, 1, 2, half]), cos, sin, oneOf(p.r, [0, 1]))
}

const matrix = (p: Pool): Tensor => {
  const x = atLeast(p, 2)
  return t.reshape(x, [elementCount(x.shape.slice(0, -1)), x.shape.at(-1) as number])
}

const column = (p: Pool) => {
  const x = any(p)
  return t.reshape(x, [elementCount(x.shape), 1])
}

const rows = (x: Tensor) => x.shape[0] as number
const columns = (x: Tensor) => x.shape[1] as number

const random = (p: Pool, operator: 'dropoutMask' | 'normal') => {
  const attributes = { shape: any(p).shape, stream: p.r.below(3) }
  return operator === 'normal'
    ? p.s.builder.apply('normal', [p.s.key()], { ...attributes, unitBits: bitsOf(1e-5) })
    : p.s.builder.apply('dropoutMask', [p.s.key()], { ...attributes, keepBelow: 2 ** 31, scaleBits: bitsOf(2) })
}

const moved = (p: Pool, operator: 'movingAverage' | 'movingSquare') => {
  const x = any(p)
  const attributes = { decayBits: bitsOf(0.9), restBits: bitsOf(0.1) }
  return p.s.builder.apply(operator, [like(p, x.shape), x], attributes)
}

function adamw(p: Pool): Tensor {
  const x = any(p)
  const schedule = t.constantF32(p.s.builder, [1, 4], [0.1, 0.99, 1.1, 1.2])
  const inputs = [x, like(p, x.shape), t.absolute(like(p, x.shape)), schedule]
  return p.s.builder.apply('adamw', inputs, { epsilonBits: bitsOf(1e-6) })
}

function replaced(p: Pool): Tensor {
  const x = atLeast(p, 2)
  const shape = x.shape.map((n, a) => (a === x.shape.length - 2 ? 1 : n))
  return t.replaceRow(x, like(p, shape), p.s.i32([1], x.shape.at(-2) as number))
}

const gradient = (p: Pool, f: (x: Tensor, g: Tensor) => Tensor) => {
  const x = any(p)
  return f(x, like(p, x.shape))
}

export const growth: { readonly [N in OperatorName]: Grow } = {
  input: p => p.s.f32(randomShape(p.r).slice(-3), 'ordinary'),
  constant: p => t.constantF32(p.s.builder, [2, 2], [0.5, -1, 3, p.r.below(9)]),
  reshape: regrouped,
  add: p => partnered(p, t.add),
  subtract: p => partnered(p, t.subtract),
  multiply: p => partnered(p, t.multiply),
  scale: p => t.scale(any(p), oneOf(p.r, [-1, 0.1, 1.7, 3e-9])),
  offset: p => t.offset(any(p), oneOf(p.r, [-1, 0.001, 3])),
  absolute: p => t.absolute(any(p)),
  exp: p => t.exp(calm(p)),
  log: p => t.log(positive(p)),
  reciprocal: p => t.reciprocal(p.r.below(8) === 0 ? any(p) : positive(p)),
  reciprocalSquareRoot: p => t.reciprocalSquareRoot(positive(p)),
  relu: p => t.relu(any(p)),
  reluGradient: p => gradient(p, t.reluGradient),
  gelu: p => t.gelu(any(p)),
  geluGradient: p => gradient(p, t.geluGradient),
  silu: p => t.silu(any(p)),
  siluGradient: p => gradient(p, t.siluGradient),
  broadcast: p => {
    const x = any(p)
    return elementCount(x.shape) > LARGEST_TENSOR / 4 ? x : t.broadcast(x, [1 + p.r.below(4), ...x.shape])
  },
  permute: p => permuted(p, any(p)),
  gather: p => {
    const table = matrix(p)
    return t.gather(table, p.s.i32([1 + p.r.below(4)], rows(table)))
  },
  pick: p => {
    const x = matrix(p)
    return t.pick(x, p.s.i32([rows(x)], columns(x)))
  },
  place: p => {
    const g = column(p)
    return rows(g) > LARGEST_TENSOR / 4 ? g : t.place(g, p.s.i32([rows(g)], 3), 3)
  },
  stack: p => t.stack(Array.from({ length: 1 + p.r.below(3) }, () => t.sumAll(any(p)))),
  causalMask: p => {
    const x = atLeast(p, 2)
    const queries = x.shape.at(-2) as number
    return t.causalMask(x, p.s.i32([queries], x.shape.at(-1) as number), oneOf(p.r, [0, -1000]))
  },
  rotary: rotated,
  replaceRow: replaced,
  powerOfTwoScale: p => t.powerOfTwoScale(t.absolute(any(p)), width(p.r), oneOf(p.r, [0, 1])),
  dropoutMask: p => random(p, 'dropoutMask'),
  normal: p => random(p, 'normal'),
  movingAverage: p => moved(p, 'movingAverage'),
  movingSquare: p => moved(p, 'movingSquare'),
  adamw,
  clipFactor: p => {
    const x = any(p)
    return p.s.builder.apply('clipFactor', [t.sumAll(t.multiply(x, x))], { maximumBits: bitsOf(1) })
  },
  sum: p => reduced(p, t.sum),
  maximum: p => reduced(p, t.maximum),
  scatterAdd: p => {
    const g = matrix(p)
    return t.scatterAdd(g, p.s.i32([rows(g)], 5), 5)
  },
  quantise: p => {
    const x = atLeast(p, 2)
    return t.dequantise(quantised(p, p.r.below(2) === 0 ? permuted(p, x) : x, axis(p.r), width(p.r)))
  },
  dequantise: p => t.dequantise(p.quantised.length > 0 ? oneOf(p.r, p.quantised) : p.s.quantised([3, 40], 'mx8')),
  contract: contracted,
}

function partnered(p: Pool, f: (x: Tensor, y: Tensor) => Tensor): Tensor {
  const x = any(p)
  const y = partner(p, x)
  return p.r.below(2) === 0 ? f(x, y) : f(y, x)
}

/** Chooses inputs that take over another tensor of their shape after each run; never one that is an input itself. */
function chooseCarries({ s, r, f32 }: Pool): { carries: Record<string, string>; outputs: Record<string, Tensor> } {
  const carries: Record<string, string> = {}
  const outputs: Record<string, Tensor> = {}
  for (const state of f32.filter(x => s.builder.node(x.id).operator === 'input')) {
    const next = f32.filter(x => sameShape(x.shape, state.shape) && computes(s, x, state))
    if (next.length === 0 || r.below(3) === 0) continue
    const name = (s.builder.node(state.id).attributes as { name: string }).name
    carries[name] = `next/${name}`
    outputs[`next/${name}`] = oneOf(r, next)
  }
  return { carries, outputs }
}

/** Whether x is computed from `state`, and is not a view of an input. */
function computes({ builder }: Sketch, x: Tensor, state: Tensor): boolean {
  const view = (id: number): boolean => {
    const { operator, inputs } = builder.node(id)
    return operator === 'input' || (operator === 'reshape' && view(inputs[0] as number))
  }
  const reaches = (id: number): boolean => id === state.id || builder.node(id).inputs.some(reaches)
  return !view(x.id) && reaches(x.id)
}

/** Returns one random graph with random inputs, run several times where it carries state. */
export function randomGraph(name: string, from: Random): ConformanceCase {
  const r = fork(from)
  const s = sketch(r)
  const pool: Pool = { s, r, f32: [s.f32(randomShape(r).slice(-2), 'ordinary')], quantised: [] }
  const operators = Object.keys(growth) as OperatorName[]
  const size = 4 + r.below(24)
  for (let n = 0; n < size; n++) {
    const made = growth[oneOf(r, operators)](pool)
    if (elementCount(made.shape) <= LARGEST_TENSOR) pool.f32.push(made)
  }
  const { carries, outputs } = chooseCarries(pool)
  pool.f32.slice(-1 - r.below(4)).forEach((x, n) => {
    if (!Object.keys(carries).some(state => isView(pool, x, state))) outputs[`y${n}`] = x
  })
  if (Object.keys(outputs).length === 0) outputs.y = t.scale(pool.f32.at(-1) as Tensor, 2)
  const graph = s.builder.finish(outputs, carries)
  return { name, graph, inputs: usedInputs(graph, s.inputs), steps: Object.keys(carries).length > 0 ? STEPS : 1 }
}

/** Whether x is a view of the input of this name. */
function isView({ s }: Pool, x: Tensor, name: string): boolean {
  let node = s.builder.node(x.id)
  while (node.operator === 'reshape') node = s.builder.node(node.inputs[0] as number)
  return node.operator === 'input' && (node.attributes as { name: string }).name === name
}
