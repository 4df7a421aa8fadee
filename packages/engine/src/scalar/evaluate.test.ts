import { mulHigh32 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { compileMapKernel } from '../backend/reference/map-kernel.ts'
import { asF32 } from '../backend.ts'
import { makers, operatorCases } from '../conformance/cases.ts'
import type { ConformanceCase } from '../conformance/sketch.ts'
import { random } from '../conformance/values.ts'
import type { Node } from '../graph.ts'
import { reference } from '../index.ts'
import type { MapName, OperatorAttributes, OperatorName } from '../operators/attributes.ts'
import { isSpecial } from '../operators/operation-counts.ts'
import { elementProgram } from '../operators/programs.ts'
import { type Shape, stridesOf } from '../tensor-type.ts'
import { INPUT_LENGTH, randomInputs, randomProgram } from '../testing/random-programs.ts'
import { canonicalise, type ElementInputs, evaluateElement, mulHighU32, roundToEven } from './evaluate.ts'
import * as functions from './functions.ts'
import { checkIntervals } from './intervals.ts'
import { type Language, language } from './language.ts'
import { bitsOf, type ElementProgram, type F32, floatOfBits, programBuilder } from './program.ts'

const ELEMENTS_COMPARED = 200

function coordinatesOf(index: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(index / stride) % (shape[axis] as number))
}

function readers(inputs: readonly (Float32Array | Int32Array)[]): ElementInputs {
  return { get: (input, index) => inputs[input]?.[index] }
}

/** Returns the elements of a map node that the interpreter computes differently from the reference kernel. */
function differences(node: Node, inputs: readonly Node[], values: readonly Uint8Array[], out: Float32Array): string[] {
  const attributes = node.attributes as OperatorAttributes[MapName]
  const program = elementProgram(node.operator as MapName, inputs, node, attributes)
  const typed = inputs.map((input, n) => {
    const words = asF32(values[n] as Uint8Array)
    return input.dtype === 'i32' ? new Int32Array(words.buffer, words.byteOffset, words.length) : words
  })
  const step = Math.max(1, Math.floor(out.length / ELEMENTS_COMPARED))
  const found: string[] = []
  for (let e = 0; e < out.length; e += step) {
    const { value } = evaluateElement(program, readers(typed), coordinatesOf(e, node.shape))
    if (bitsOf(value) !== bitsOf(out[e] as number)) found.push(`${node.operator}[${e}]: ${value} and ${out[e]}`)
  }
  return found
}

async function caseDifferences({ graph, inputs }: ConformanceCase): Promise<string[]> {
  const executable = await reference.compile(graph, { lowering: 'unfused' })
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
  const values: Uint8Array[] = []
  executable.run((_, bytes) => values.push(bytes.slice()))
  return values.flatMap((out, id) => {
    const node = graph.nodes[id] as Node
    if (isSpecial(node.operator)) return []
    const sources = node.inputs.map(source => graph.nodes[source] as Node)
    const read = node.inputs.map(source => values[source] as Uint8Array)
    return differences(node, sources, read, asF32(out))
  })
}

describe('the interpreter', () => {
  test.for(Object.keys(makers) as OperatorName[])('computes %s as the reference kernel does', async operator => {
    const sizes = { all: [1, 2, 5, 33, 101], beyondChunk: [] }
    for (const c of operatorCases(operator, random(3), sizes)) expect(await caseDifferences(c), c.name).toEqual([])
  })

  test('computes random programs as generated JavaScript does', () => {
    const r = random(21)
    let compared = 0
    for (let n = 0; n < 600; n++) {
      const program = randomProgram(r, 30)
      if (checkIntervals(program).length > 0) continue
      const inputs = randomInputs(r)
      const arrays = [0, 1, 2].map(input =>
        Array.from({ length: INPUT_LENGTH }, (_, i) => inputs.get(input, i) as number),
      )
      const typed = [new Float32Array(arrays[0]!), new Float32Array(arrays[1]!), new Int32Array(arrays[2]!)]
      const out = new Float32Array(9)
      const diverged = compileMapKernel(program, 3, [3, 3])(typed, out)
      const expected = Array.from(out, (_, e) => evaluateElement(program, inputs, coordinatesOf(e, [3, 3])))
      expect(Array.from(out, bitsOf), JSON.stringify(program)).toEqual(expected.map(x => bitsOf(x.value)))
      expect(diverged).toBe(expected.some(x => x.diverged))
      compared++
    }
    expect(compared).toBeGreaterThan(150)
  })

  test('multiplies high words like the generator of N5 does', () => {
    const r = random(5)
    const words = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, ...Array.from({ length: 50 }, r.word)]
    for (const a of words) for (const b of words) expect(mulHighU32(a | 0, b | 0) >>> 0).toBe(mulHigh32(a, b))
  })

  test('rounds ties to even', () => {
    const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2 ** 31 - 0.5, 0.49999997, 0.50000006].map(roundToEven)
    expect(ties.map(x => x + 0)).toEqual([-2, -2, 0, 0, 2, 2, 2 ** 31, 0, 1])
  })
})

describe('canon', () => {
  const canon = (bits: number) => {
    const { value, diverged } = canonicalise(floatOfBits(bits))
    return [bitsOf(value).toString(16), diverged]
  }

  test('keeps the edges of the domain', () => {
    expect(canon(0x0d800000)).toEqual(['d800000', false]) // 2^-100
    expect(canon(0x8d800000)).toEqual(['8d800000', false])
    expect(canon(0x5d7fffff)).toEqual(['5d7fffff', false]) // the largest below 2^60
    expect(canon(0xdd7fffff)).toEqual(['dd7fffff', false])
    expect(canon(0)).toEqual(['0', false])
  })

  test('turns everything below 2^-100 into +0, subnormals and -0 included', () => {
    for (const bits of [0x0d7fffff, 0x8d7fffff, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x80800000]) {
      expect(canon(bits)).toEqual(['0', false])
    }
  })

  test('raises diverged from 2^60 on', () => {
    for (const bits of [0x5d800000, 0xdd800000, 0x7f7fffff, 0x7f800000, 0xff800000]) {
      expect(canon(bits)).toEqual([bits.toString(16), true])
    }
  })
})

type Function = (s: Language, x: F32) => F32

function unaryProgram(f: Function): ElementProgram {
  const builder = programBuilder()
  const s = language(builder)
  return builder.finish(f(s, s.loadF32(0, [1])))
}

/** Returns the largest error in units in the last place of the exact result, where that is in the domain. */
function largestError(f: Function, exact: (x: number) => number, x: Float32Array): number {
  const out = new Float32Array(x.length)
  compileMapKernel(unaryProgram(f), 1, [x.length])([x], out)
  let largest = 0
  for (let i = 0; i < x.length; i++) {
    const expected = exact(x[i] as number)
    const magnitude = Math.abs(expected)
    if (magnitude < 2 ** -100 || magnitude >= 2 ** 60) continue
    const ulp = 2 ** (Math.floor(Math.log2(magnitude)) - 23)
    largest = Math.max(largest, Math.abs((out[i] as number) - expected) / ulp)
  }
  return largest
}

/** All floats of one binade, or every `step`-th, offset so that different binades take different mantissas. */
function binade(exponent: number, step = 1, sign: 1 | -1 = 1): Float32Array {
  const offset = step === 1 ? 0 : ((exponent + 127) * 7919) % step
  const count = Math.floor((2 ** 23 - offset - 1) / step) + 1
  return Float32Array.from(
    { length: count },
    (_, i) => sign * floatOfBits(((exponent + 127) << 23) | (offset + i * step)),
  )
}

const exponents = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('elementary functions', () => {
  test('1/x is within 2 ulp for every mantissa', () => {
    expect(largestError(functions.reciprocal, x => 1 / x, binade(0))).toBeLessThan(2)
  })

  test.for([0, 1])('1/sqrt(x) is within 2 ulp and sqrt(x) within 3.1 for every mantissa, exponent %i', exponent => {
    const x = binade(exponent)
    expect(largestError(functions.reciprocalSquareRoot, y => 1 / Math.sqrt(y), x)).toBeLessThan(2)
    expect(largestError(functions.squareRoot, Math.sqrt, x)).toBeLessThan(3.1)
  })

  test('scale exactly with the exponent, so those bounds hold in the whole domain', () => {
    const largest = exponents(-92, 59).map(e => {
      const x = binade(e, 40_009)
      const inverse = Math.abs(e) < 60 ? largestError(functions.reciprocal, y => 1 / y, x) : 0
      const root = largestError(functions.squareRoot, Math.sqrt, x)
      const inverseRoot = largestError(functions.reciprocalSquareRoot, y => 1 / Math.sqrt(y), x)
      return Math.max(inverse / 2, root / 3.1, inverseRoot / 2)
    })
    expect(Math.max(...largest)).toBeLessThan(1)
  })

  test('e^x is within 1.5 ulp', () => {
    const errors = ([1, -1] as const).flatMap(sign =>
      exponents(-30, 6).map(e => largestError(functions.exp, Math.exp, clampedBinade(e, sign))),
    )
    expect(Math.max(...errors)).toBeLessThan(1.5)
  })

  test('ln x is within 2 ulp', () => {
    const errors = exponents(-100, 59).map(e =>
      largestError(functions.log, Math.log, binade(e, e > -3 && e < 3 ? 101 : 1009)),
    )
    expect(Math.max(...errors)).toBeLessThan(2)
  })

  test('leave the domain or return zero where they are not defined', () => {
    const at = (f: Function, x: number) => evaluateElement(unaryProgram(f), { get: () => x }, [0])
    expect(at(functions.reciprocal, 0)).toEqual({ value: 0, diverged: false })
    expect(at(functions.reciprocal, 2 ** -61).diverged).toBe(true)
    expect(at(functions.reciprocalSquareRoot, 0)).toEqual({ value: 0, diverged: false })
    expect(at(functions.reciprocalSquareRoot, -1).diverged).toBe(true)
    expect(at(functions.squareRoot, -1)).toEqual({ value: 0, diverged: false })
    expect(at(functions.squareRoot, 2 ** -93)).toEqual({ value: 0, diverged: false })
    expect(at(functions.log, 0).diverged).toBe(true)
    expect(at(functions.log, -1).diverged).toBe(true)
    expect(at(functions.exp, 2 ** 59).diverged).toBe(true)
    expect(at(functions.exp, -(2 ** 59))).toEqual({ value: 0, diverged: false })
  })
})

/** Arguments of exp whose results lie in the domain. */
function clampedBinade(exponent: number, sign: 1 | -1): Float32Array {
  return binade(exponent, exponent > -8 ? 211 : 4001, sign).filter(x => x >= -70 && x <= 43)
}
