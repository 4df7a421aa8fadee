/**
 * Element programs: the exact computation of one output element of every map operator.
 *
 * `x(n)` below is input n broadcast to the output's coordinates and flushed at the table's threshold. Whoever runs a
 * program canonicalises its result (N0). Comments give the formula; `intervals.test.ts` proves the ranges.
 */

import { clamp, exp, log, reciprocal, reciprocalSquareRoot, sigmoid, squareRoot } from '../scalar/functions.ts'
import { type Language, language } from '../scalar/language.ts'
import { type ElementProgram, type F32, type I32, programBuilder } from '../scalar/program.ts'
import {
  broadcastStrides,
  mantissaBits,
  QUANTISE_LIMIT_EXPONENT,
  type Shape,
  stridesOf,
  type TensorType,
} from '../tensor-type.ts'
import type { MapAttributes, MapName } from './attributes.ts'
import { flushThresholds } from './flush-thresholds.ts'
import { normalWord, philoxWords } from './philox-program.ts'

/** What a program is written against. */
interface Context<N extends MapName> {
  readonly s: Language
  readonly inputs: readonly TensorType[]
  readonly shape: Shape
  readonly attributes: MapAttributes[N]
  /** Loads input n, broadcast and flushed. */
  readonly x: (input: number) => F32
  readonly flushed: (input: number, value: F32) => F32
}

type Program<N extends MapName> = (context: Context<N>) => F32

const SQRT_2_OVER_PI = 0.7978845608028654
const GELU_CUBE = 0.044715
const OUT_OF_DOMAIN = 2 ** 126
const ZERO = 0
const OUT_OF_RANGE_INDEX = -1

/** Returns index when it is below `size` (unsigned), else an index that no tensor has. */
function checkedRow(s: Language, index: I32, size: number, flat: I32): I32 {
  return s.selectI32(s.lessU32(index, s.i32(size)), flat, s.i32(OUT_OF_RANGE_INDEX))
}

/** The row-major index of the element itself. */
function elementIndex(s: Language, shape: Shape): I32 {
  return stridesOf(shape)
    .map((stride, axis) => s.mulI32(s.coordinate(axis), s.i32(stride)))
    .reduce((sum, term) => s.addI32(sum, term))
}

/** u = sqrt(2/pi) * (x + 0.044715 x^3), with x limited to where tanh has not saturated. */
function geluArgument(s: Language, x: F32): F32 {
  const c = clamp(s, x, -12, 12)
  const cube = s.mul(s.mul(s.mul(c, c), c), s.f32(GELU_CUBE))
  return s.mul(s.add(c, cube), s.f32(2 * SQRT_2_OVER_PI))
}

/** d/dx of x * sigmoid(2u(x)), as sigmoid + x * sigmoid * (1 - sigmoid) * 2u'. */
function geluSlope(s: Language, x: F32): F32 {
  const c = clamp(s, x, -12, 12)
  const p = s.flush(sigmoid(s, geluArgument(s, x)), -30)
  const q = s.flush(s.sub(s.f32(1), p), -30)
  const slope = s.add(
    s.f32(2 * SQRT_2_OVER_PI),
    s.mul(s.max(s.mul(c, c), s.f32(ZERO)), s.f32(6 * SQRT_2_OVER_PI * GELU_CUBE)),
  )
  return s.add(p, s.mul(s.mul(s.mul(p, q), slope), c))
}

/** d/dx of x * sigmoid(x), as sigmoid * (1 + x * (1 - sigmoid)). */
function siluSlope(s: Language, x: F32): F32 {
  const p = s.flush(sigmoid(s, x), -30)
  const q = s.flush(s.sub(s.f32(1), p), -30)
  return s.mul(p, s.add(s.f32(1), s.mul(clamp(s, x, -100, 100), q)))
}

/** Smallest exponent of `powerOfTwoScale`: 2^59, its inverse, is still in the domain, for rows of zeros too. */
const SMALLEST_POWER = -59

/** 2^s with s = max(e - (b-2), -59), e the exponent of an absolute maximum; see `quantise`. */
function powerOfTwoScale({ s, x, attributes }: Context<'powerOfTwoScale'>): F32 {
  const a = x(0)
  const biased = s.shiftRightU(s.bits(a), 23)
  const lowered = s.subI32(biased, s.i32(mantissaBits[attributes.width] - 2))
  const scale = s.minI32(s.maxI32(lowered, s.i32(127 + SMALLEST_POWER)), s.i32(127 + QUANTISE_LIMIT_EXPONENT))
  const power = s.shiftLeft(attributes.inverse === 1 ? s.subI32(s.i32(254), scale) : scale, 23)
  return s.select(s.less(a, s.f32(2 ** QUANTISE_LIMIT_EXPONENT)), s.fromBits(power), s.f32(OUT_OF_DOMAIN))
}

function rotary({ s, shape, attributes, flushed }: Context<'rotary'>): F32 {
  const strides = stridesOf(shape)
  const rank = shape.length
  const half = shape[rank - 1] as number
  const partner = strides.map((stride, axis) => (axis === rank - 2 ? -stride : stride))
  const table = strides.map((_, axis) => (axis === rank - 4 ? half : axis === rank - 1 ? 1 : 0))
  const own = flushed(0, s.loadF32(0, strides))
  const other = flushed(0, s.loadF32(0, partner, half))
  const sin = flushed(2, s.loadF32(2, table))
  const negative = s.sub(s.f32(ZERO), sin)
  const first = s.equalI32(s.coordinate(rank - 2), s.i32(0))
  const signed = attributes.inverse === 1 ? s.select(first, sin, negative) : s.select(first, negative, sin)
  return s.add(s.mul(own, flushed(1, s.loadF32(1, table))), s.mul(other, signed))
}

function adamw({ s, shape, attributes, x, flushed }: Context<'adamw'>): F32 {
  const entry = (n: number) =>
    clamp(
      s,
      flushed(
        3,
        s.loadF32(
          3,
          shape.map(() => 0),
          n,
        ),
      ),
      0,
      2 ** 20,
    )
  const [rate, keep, firstCorrection, secondCorrection] = [entry(0), entry(1), entry(2), entry(3)]
  const first = s.flush(clamp(s, s.mul(x(1), firstCorrection), -(2 ** 59), 2 ** 59), -60)
  const second = s.min(s.mul(x(2), secondCorrection), s.f32(2 ** 59))
  const root = s.add(squareRoot(s, second), s.f32Bits(attributes.epsilonBits))
  const update = s.flush(s.mul(first, reciprocal(s, root)), -60)
  return s.sub(s.mul(x(0), keep), s.mul(update, rate))
}

const elementPrograms: { readonly [N in MapName]: Program<N> } = {
  add: ({ s, x }) => s.add(x(0), x(1)),
  subtract: ({ s, x }) => s.sub(x(0), x(1)),
  multiply: ({ s, x }) => s.mul(x(0), x(1)),
  scale: ({ s, x, attributes }) => s.mul(x(0), s.f32Bits(attributes.bits)),
  offset: ({ s, x, attributes }) => s.add(x(0), s.f32Bits(attributes.bits)),
  absolute: ({ s, x }) => s.max(x(0), s.sub(s.f32(ZERO), x(0))),
  exp: ({ s, x }) => exp(s, x(0)),
  log: ({ s, x }) => log(s, x(0)),
  reciprocal: ({ s, x }) => reciprocal(s, x(0)),
  reciprocalSquareRoot: ({ s, x }) => reciprocalSquareRoot(s, x(0)),
  relu: ({ s, x }) => s.max(x(0), s.f32(ZERO)),
  reluGradient: ({ s, x }) => s.select(s.less(s.f32(ZERO), x(0)), x(1), s.f32(ZERO)),
  gelu: ({ s, x }) => s.mul(x(0), sigmoid(s, geluArgument(s, x(0)))),
  geluGradient: ({ s, x }) => s.mul(x(1), s.flush(geluSlope(s, x(0)), -60)),
  silu: ({ s, x }) => s.mul(x(0), sigmoid(s, x(0))),
  siluGradient: ({ s, x }) => s.mul(x(1), s.flush(siluSlope(s, x(0)), -60)),
  broadcast: ({ x }) => x(0),
  permute: ({ s, inputs, attributes }) => {
    const strides = stridesOf((inputs[0] as TensorType).shape)
    return s.loadF32(
      0,
      attributes.order.map(axis => strides[axis] as number),
    )
  },
  gather: ({ s, inputs, shape }) => {
    const [rows, width] = (inputs[0] as TensorType).shape as [number, number]
    const row = s.loadI32(1, [...stridesOf(shape.slice(0, -1)), 0])
    const flat = s.addI32(s.mulI32(row, s.i32(width)), s.coordinate(shape.length - 1))
    return s.gather(0, checkedRow(s, row, rows, flat))
  },
  pick: ({ s, inputs }) => {
    const columns = (inputs[0] as TensorType).shape[1] as number
    const column = s.loadI32(1, [1, 0])
    const flat = s.addI32(s.mulI32(s.coordinate(0), s.i32(columns)), column)
    return s.gather(0, checkedRow(s, column, columns, flat))
  },
  place: ({ s, x }) => s.select(s.equalI32(s.coordinate(1), s.loadI32(1, [1, 0])), x(0), s.f32(ZERO)),
  stack: ({ s, inputs }) =>
    inputs.reduce<F32>(
      (rest, _, n) => s.select(s.equalI32(s.coordinate(0), s.i32(n)), s.loadF32(n, [0]), rest),
      s.f32(ZERO),
    ),
  causalMask: ({ s, shape, attributes, x }) => {
    const position = s.loadI32(
      1,
      shape.map((_, axis) => (axis === shape.length - 2 ? 1 : 0)),
    )
    const future = s.lessI32(position, s.coordinate(shape.length - 1))
    return s.select(future, s.f32Bits(attributes.fillBits), x(0))
  },
  rotary,
  replaceRow: ({ s, shape, x }) => {
    const axis = shape.length - 2
    const here = s.equalI32(
      s.coordinate(axis),
      s.loadI32(
        2,
        shape.map(() => 0),
      ),
    )
    return s.select(here, x(1), x(0))
  },
  powerOfTwoScale,
  dropoutMask: ({ s, shape, attributes }) => {
    const [word] = philoxWords(s, elementIndex(s, shape), attributes.stream, shape.length)
    return s.select(s.lessU32(word, s.i32(attributes.keepBelow)), s.f32Bits(attributes.scaleBits), s.f32(ZERO))
  },
  normal: ({ s, shape, attributes }) => {
    const words = philoxWords(s, elementIndex(s, shape), attributes.stream, shape.length)
    return s.mul(s.toF32(normalWord(s, words)), s.f32Bits(attributes.unitBits))
  },
  movingAverage: ({ s, x, attributes }) =>
    s.add(s.mul(x(0), s.f32Bits(attributes.decayBits)), s.mul(x(1), s.f32Bits(attributes.restBits))),
  movingSquare: ({ s, x, attributes }) =>
    s.add(s.mul(x(0), s.f32Bits(attributes.decayBits)), s.mul(s.mul(x(1), x(1)), s.f32Bits(attributes.restBits))),
  adamw,
  clipFactor: ({ s, x, attributes }) => {
    const norm = squareRoot(s, x(0))
    const maximum = s.f32Bits(attributes.maximumBits)
    return s.select(s.less(maximum, norm), s.mul(maximum, reciprocal(s, norm)), s.f32(1))
  },
}

/** Builds the element program of a map operator for the given input and output types. */
export function elementProgram<N extends MapName>(
  name: N,
  inputs: readonly TensorType[],
  output: TensorType,
  attributes: MapAttributes[N],
): ElementProgram {
  const builder = programBuilder()
  const s = language(builder)
  const thresholds = (flushThresholds[name] as (a: MapAttributes[N]) => readonly number[])(attributes)
  const flushed = (input: number, value: F32) => {
    const exponent = thresholds[input] ?? -100
    return exponent > -100 ? s.flush(value, exponent) : value
  }
  const x = (input: number) =>
    flushed(input, s.loadF32(input, broadcastStrides((inputs[input] as TensorType).shape, output.shape)))
  const program = elementPrograms[name] as Program<N>
  return builder.finish(program({ s, inputs, shape: output.shape, attributes, x, flushed }))
}

/** Returns the standard deviation's f32 scale for `normal`: the sum of eight 16-bit uniforms has deviation 53509.9. */
export const NORMAL_SUM_DEVIATION = Math.sqrt((8 * (2 ** 32 - 1)) / 12)
