/**
 * Gradients, judged twice. In double precision the gradient graph must agree with central differences: that proves
 * the rules. Then the reference backend runs the same graph, and must agree with the double values as far as its
 * arithmetic allows:
 *
 * - f32 operators: a few units of 2^-24 an operator, so 1e-5 of the norm for graphs of this size.
 * - Quantisation to b bits: a step is at most 2^-(b-2) of the largest magnitude in its block, and the error within a
 *   step is nearly uniform, so its root mean square is 2^-(b-2)/sqrt(12) of that magnitude. The largest of values
 *   spread evenly, as here, is sqrt(3) times their root mean square, and a product has two such operands:
 *   sqrt(2) * sqrt(3) / sqrt(12) = 0.71 times 2^-(b-2) of the norm. Small tensors scatter, so 1 is allowed, for each
 *   contraction on the longest path, as errors of successive ones add at worst.
 */
import { describe, expect, test } from 'vitest'
import { gradients } from './autodiff.ts'
import { reference } from './backend/reference/backend.ts'
import { asF32 } from './backend.ts'
import { floats, random } from './conformance/values.ts'
import { type Graph, input, type Tensor } from './graph.ts'
import type { OperatorName } from './operators/attributes.ts'
import { bitsOf } from './scalar/program.ts'
import * as t from './tensor-functions.ts'
import { elementCount, mantissaBits, type QuantisedDType, type Shape } from './tensor-type.ts'
import {
  centralDifferences,
  type Differentiated,
  differentiate,
  distance,
  doubles,
  type Formula,
  norm,
  outputOf,
  type Sheet,
  sampled,
  sheet,
} from './testing/differentiate.ts'
import { evaluateInDouble } from './testing/double-evaluator.ts'

async function runReference({ graph, values }: Differentiated): Promise<(name: string) => Float32Array> {
  const executable = await reference.compile(graph)
  for (const [name, data] of Object.entries(values)) {
    if (graph.inputs[name] !== undefined) executable.write(name, new Uint8Array(data.buffer))
  }
  expect(executable.run()).toEqual({ ok: true })
  return name => asF32(executable.read(name))
}

/** The most contractions on any path of the graph. */
function depth({ nodes }: Graph): number {
  const depths: number[] = []
  for (const node of nodes) {
    depths.push(Math.max(0, ...node.inputs.map(i => depths[i] as number)) + Number(node.operator === 'contract'))
  }
  return Math.max(...depths)
}

function allowedError(graph: Graph): number {
  const widths = graph.nodes.flatMap(({ dtype }) => (dtype === 'mx8' || dtype === 'mx12' ? [mantissaBits[dtype]] : []))
  return widths.length === 0 ? 1e-5 : 2 ** -(Math.min(...widths) - 2) * depth(graph)
}

async function checkGradients(formula: Formula, seed = 1): Promise<void> {
  const d = differentiate(formula, seed)
  expect(d.targets.length).toBeGreaterThan(0)
  const values = evaluateInDouble(d.graph, doubles(d.values))
  const computed = await runReference(d)
  for (const name of d.targets) {
    const exact = outputOf(d.graph, values, `d ${name}`)
    expect(norm(exact), name).toBeGreaterThan(0)
    const indices = sampled(exact.length)
    const some = indices.map(i => exact[i] as number)
    expect(distance(some, centralDifferences(d, name, indices)) / norm(some), `rule, ${name}`).toBeLessThan(1e-6)
    const error = distance(computed(`d ${name}`), exact) / norm(exact)
    expect(error, `cn1, ${name}`).toBeLessThan(allowedError(d.graph))
  }
}

const shape: Shape = [3, 4]
const scalar = (s: Sheet) => s.x([1])
const pair =
  (f: (x: Tensor, y: Tensor) => Tensor): Formula =>
  s =>
    f(s.x(shape), s.x(shape))
const unary =
  (f: (x: Tensor) => Tensor, low?: number, high?: number): Formula =>
  s =>
    f(s.x(shape, low, high))
const product =
  (width: QuantisedDType): Formula =>
  s =>
    t.matmul(s.x([5, 40]), s.x([40, 7]), width)

/** Stops: the output counts as a constant. Refuses: only the optimiser and gradients use it. */
type Expected = readonly Formula[] | 'stops' | 'refuses'

const expected: { readonly [N in OperatorName]: Expected } = {
  input: 'stops',
  constant: 'stops',
  reshape: [s => t.reshape(s.x([2, 6]), [3, 4])],
  add: [pair(t.add), s => t.add(s.x([2, 3, 4]), s.x([3, 1])), s => t.add(s.x([4]), s.x([2, 1, 4]))],
  subtract: [pair(t.subtract), s => t.subtract(s.x([1]), s.x(shape))],
  multiply: [pair(t.multiply), s => t.multiply(s.x([2, 1, 4]), s.x([3, 1])), s => t.multiply(scalar(s), s.x(shape))],
  scale: [unary(x => t.scale(x, -0.7))],
  offset: [unary(x => t.offset(x, 3))],
  absolute: 'stops',
  exp: [unary(t.exp)],
  log: [unary(t.log, 0.2, 4)],
  reciprocal: [unary(t.reciprocal, 0.3, 3), unary(t.reciprocal, -3, -0.3)],
  reciprocalSquareRoot: [unary(t.reciprocalSquareRoot, 0.3, 3)],
  relu: [unary(t.relu)],
  reluGradient: 'refuses',
  gelu: [unary(t.gelu), unary(t.gelu, -6, 6)],
  geluGradient: 'refuses',
  silu: [unary(t.silu), unary(t.silu, -9, 9)],
  siluGradient: 'refuses',
  broadcast: [s => t.broadcast(s.x([3, 1]), [2, 3, 4]), s => t.broadcast(s.x([1]), [5])],
  permute: [s => t.permute(s.x([2, 3, 4]), [2, 0, 1]), s => t.permute(s.x([2, 3, 2, 2]), [0, 2, 1, 3])],
  gather: [s => t.gather(s.x([5, 3]), s.index([2, 4], 5)), s => t.gather(s.x([2, 3]), s.index([6], 2))],
  pick: [s => t.pick(s.x([4, 5]), s.index([4], 5))],
  place: [s => t.place(s.x([4, 1]), s.index([4], 5), 5)],
  stack: 'refuses',
  causalMask: [s => t.causalMask(s.x([2, 3, 5]), s.index([3], 5), -7)],
  rotary: [s => t.rotary(s.x([3, 2, 2, 2]), constant(s, [3, 2]), constant(s, [3, 2])), s => inverseRotary(s)],
  replaceRow: 'refuses',
  powerOfTwoScale: 'stops',
  dropoutMask: 'stops',
  normal: 'stops',
  movingAverage: 'refuses',
  movingSquare: 'refuses',
  adamw: 'refuses',
  clipFactor: 'refuses',
  sum: [
    s => t.sum(s.x([2, 3, 4]), 1, 2),
    s => t.sum(s.x([2, 3, 2, 2]), 1, 3),
    s => t.sum(s.x([3, 4]), 0, 1),
    s => t.sumAll(s.x([3, 4])),
  ],
  maximum: 'stops',
  scatterAdd: 'refuses',
  quantise: [product('mx8')],
  dequantise: 'refuses',
  contract: [product('mx8'), product('mx12')],
}

function constant(s: Sheet, of: Shape): Tensor {
  const values = floats(random(elementCount(of)), elementCount(of), 'unit')
  return t.constantF32(
    s.builder,
    of,
    Array.from(values, x => x + 0.5),
  )
}
const inverseRotary: Formula = s => t.rotary(s.x([2, 3, 1, 2, 2]), constant(s, [3, 2]), constant(s, [3, 2]), 1)

const mean = (x: Tensor, axis: number) => t.scale(t.sum(x, axis, axis + 1), 1 / (x.shape[axis] as number))

function softmax(x: Tensor): Tensor {
  const last = x.shape.length - 1
  const weights = t.exp(t.subtract(x, t.maximum(x, last, last + 1)))
  return t.multiply(weights, t.reciprocal(t.sum(weights, last, last + 1)))
}

function layerNorm(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  const last = x.shape.length - 1
  const centred = t.subtract(x, mean(x, last))
  const variance = mean(t.multiply(centred, centred), last)
  return t.add(t.multiply(t.multiply(centred, t.reciprocalSquareRoot(t.offset(variance, 1e-5))), gain), bias)
}

function rmsNorm(x: Tensor, gain: Tensor): Tensor {
  const last = x.shape.length - 1
  return t.multiply(t.multiply(x, t.reciprocalSquareRoot(t.offset(mean(t.multiply(x, x), last), 1e-6))), gain)
}

/** Causal attention with each value's scale folded into the weights (N1, Causality). */
function attention(s: Sheet, width: QuantisedDType): Tensor {
  const [q, k, v] = [s.x([2, 2, 6, 4]), s.x([2, 1, 6, 4]), s.x([2, 1, 6, 4])]
  const positions = t.constantI32(s.builder, [0, 1, 2, 3, 4, 5])
  const scores = t.contract(t.quantise(t.scale(q, 0.5), -1, width), t.quantise(k, -1, width))
  const weights = softmax(t.causalMask(scores, positions, -(2 ** 20)))
  const largest = t.maximum(t.absolute(v), 3, 4)
  const perKey = t.reshape(t.powerOfTwoScale(largest, width, 0), [2, 1, 1, 6])
  const mantissas = t.quantise(t.multiply(v, t.powerOfTwoScale(largest, width, 1)), -2, width, 1)
  return t.contract(t.quantise(t.multiply(weights, perKey), -1, width), mantissas)
}

const composites: Readonly<Record<string, Formula>> = {
  softmax: s => softmax(s.x([3, 5])),
  'cross-entropy': s => {
    const x = s.x([4, 6])
    const shifted = t.subtract(x, t.maximum(x, 1, 2))
    return t.subtract(t.log(t.sum(t.exp(shifted), 1, 2)), t.pick(shifted, s.index([4], 6)))
  },
  'layer norm': s => layerNorm(s.x([3, 8]), s.x([8]), s.x([8])),
  'RMS norm': s => rmsNorm(s.x([2, 3, 8]), s.x([8])),
  'a tensor used three times': s => {
    const x = s.x(shape)
    return t.add(t.multiply(x, x), t.multiply(t.exp(x), x))
  },
  'sums over middle axes': s => t.multiply(t.sum(s.x([2, 3, 4, 2]), 1, 3), s.x([2, 1, 1, 2])),
  'gather, pick and scatter in one': s => {
    const table = s.x([6, 5])
    const rows = t.gather(table, s.index([7], 6))
    return t.multiply(t.pick(rows, s.index([7], 5)), t.sum(rows, 1, 2))
  },
  dropout: s => {
    const x = s.x([4, 8])
    const key = t.constantI32(s.builder, [1, 2, 3])
    const mask = { shape: x.shape, stream: 4, keepBelow: 2 ** 31, scaleBits: bitsOf(2) }
    return t.multiply(t.gelu(x), s.builder.apply('dropoutMask', [key], mask))
  },
  rotary: s => {
    const turned = t.rotary(s.x([3, 2, 2, 4]), constant(s, [3, 4]), constant(s, [3, 4]))
    return t.multiply(turned, turned)
  },
}

/** x [M, K] by w: how the operands lie, and along which axis each is quantised. */
const orientation =
  (a: Shape, aAxis: -1 | -2, b: Shape, bAxis: -1 | -2, width: QuantisedDType): Formula =>
  s =>
    t.contract(t.quantise(s.x(a), aAxis, width), t.quantise(s.x(b), bAxis, width))

const widths: readonly QuantisedDType[] = ['mx8', 'mx12']
const contractions: Readonly<Record<string, (width: QuantisedDType) => Formula>> = {
  'rows by columns': w => orientation([5, 40], -1, [40, 7], -2, w),
  'rows by rows': w => orientation([5, 40], -1, [7, 40], -1, w),
  'columns by columns': w => orientation([40, 5], -2, [40, 7], -2, w),
  'columns by rows': w => orientation([40, 5], -2, [7, 40], -1, w),
  'batches that broadcast': w => orientation([2, 3, 4, 35], -1, [3, 35, 5], -2, w),
  'one weight for all batches': w => orientation([2, 3, 4, 35], -1, [35, 5], -2, w),
  'a batch of one beside many': w => orientation([2, 1, 4, 9], -1, [2, 3, 5, 9], -1, w),
  'a tensor times itself': w => s => {
    const x = s.x([6, 33])
    return t.contract(t.quantise(x, -1, w), t.quantise(x, -1, w))
  },
  'a tied matrix': w => s => {
    const table = s.x([9, 12])
    const x = t.gather(table, s.index([5], 9))
    return t.contract(t.quantise(x, -1, w), t.quantise(table, -1, w))
  },
  'a layer of a perceptron': w => s => t.gelu(t.add(t.matmul(s.x([6, 33]), s.x([33, 8]), w), s.x([8]))),
  'two layers': w => s => t.matmul(t.silu(t.matmul(s.x([6, 33], -1, 1), s.x([33, 12], -0.5, 0.5), w)), s.x([12, 5]), w),
  'grouped causal attention': w => s => attention(s, w),
}

describe('gradient rules agree with central differences, and cn1 with the rules', () => {
  const rows = Object.entries(expected) as [OperatorName, Expected][]
  test.for(rows.filter(([, e]) => typeof e !== 'string'))('%s', async ([, formulas]) => {
    for (const [n, formula] of (formulas as readonly Formula[]).entries()) await checkGradients(formula, n + 1)
  })

  test.for(Object.entries(composites))('%s', async ([, formula]) => {
    await checkGradients(formula)
  })

  test.for(
    Object.entries(contractions).flatMap(([name, make]) => widths.map(width => [name, width, make(width)] as const)),
  )('contraction: %s, %s', async ([, , formula]) => {
    await checkGradients(formula)
  })
})

/** An application of each operator that has no gradient to pass on. */
const applications: { readonly [N in OperatorName]?: Formula } = {
  absolute: unary(t.absolute),
  powerOfTwoScale: unary(x => t.powerOfTwoScale(x, 'mx8', 0)),
  maximum: s => t.maximum(s.x([3, 4]), 1, 2),
  reluGradient: pair(t.reluGradient),
  geluGradient: pair(t.geluGradient),
  siluGradient: pair(t.siluGradient),
  stack: s => t.stack([scalar(s), scalar(s)]),
  replaceRow: s => t.replaceRow(s.x([3, 4]), s.x([1, 4]), s.index([1], 3)),
  movingAverage: s => s.builder.apply('movingAverage', [s.x(shape), s.x(shape)], { decayBits: 0, restBits: 0 }),
  movingSquare: s => s.builder.apply('movingSquare', [s.x(shape), s.x(shape)], { decayBits: 0, restBits: 0 }),
  adamw: s => s.builder.apply('adamw', [s.x(shape), s.x(shape), s.x(shape), s.x([1, 4])], { epsilonBits: 0 }),
  clipFactor: s => s.builder.apply('clipFactor', [scalar(s)], { maximumBits: bitsOf(1) }),
  scatterAdd: s => t.scatterAdd(s.x([4, 3]), s.index([4], 5), 5),
  dequantise: s => t.dequantise(t.quantise(s.x(shape), -1, 'mx8')),
}

function gradientOf(formula: Formula): (Tensor | undefined)[] {
  const s = sheet(random(1))
  return gradients(t.sumAll(formula(s)), s.targets)
}

describe('operators without a gradient', () => {
  const named = (kind: Expected) =>
    Object.entries(expected).flatMap(([name, e]) => (e === kind ? [name as OperatorName] : []))
  const takesInputs = (name: OperatorName) => !['input', 'constant', 'dropoutMask', 'normal'].includes(name)

  test.for(named('refuses'))('%s refuses', operator => {
    const formula = applications[operator] as Formula
    expect(() => gradientOf(formula)).toThrow(expect.objectContaining({ code: 'NoGradient' }))
  })

  test.for(named('stops').filter(takesInputs))('%s counts as a constant', operator => {
    expect(gradientOf(applications[operator] as Formula)).toEqual([undefined])
  })

  test('what the loss does not depend on has no gradient', () => {
    const formula: Formula = s => {
      s.x(shape)
      return t.exp(s.x(shape))
    }
    expect(gradientOf(formula)[0]).toBeUndefined()
  })

  test('an operand that was not quantised in the graph has no gradient', () => {
    const { builder, ...s } = sheet(random(1))
    const q = input(builder, 'q', [3, 40], 'mx8')
    const x = s.x([5, 40])
    const loss = t.sumAll(t.contract(t.quantise(x, -1, 'mx8'), q))
    expect(() => gradients(loss, [x])).toThrow(expect.objectContaining({ code: 'NoGradientSource' }))
  })
})
