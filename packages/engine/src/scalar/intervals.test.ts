import { describe, expect, test } from 'vitest'
import { makers, operatorCases } from '../conformance/cases.ts'
import { type Random, random } from '../conformance/values.ts'
import type { Graph, Node } from '../graph.ts'
import type { MapAttributes, MapName, OperatorAttributes, OperatorName } from '../operators/attributes.ts'
import { isSpecial } from '../operators/operation-counts.ts'
import { elementProgram } from '../operators/programs.ts'
import type { TensorType } from '../tensor-type.ts'
import { domainValue, RANDOM_PROGRAM_RANK, randomInputs, randomProgram } from '../testing/random-programs.ts'
import { evaluateInstructions } from './evaluate.ts'
import { checkIntervals, intervalsOf } from './intervals.ts'
import { type Language, language } from './language.ts'
import { bitsOf, type ElementProgram, type F32, programBuilder } from './program.ts'
import type { Range } from './ranges.ts'

interface NamedProgram {
  readonly name: string
  readonly program: ElementProgram
}

function programOf(graph: Graph, node: Node): ElementProgram {
  const inputs = node.inputs.map(id => graph.nodes[id] as Node)
  return elementProgram(node.operator as MapName, inputs, node, node.attributes as OperatorAttributes[MapName])
}

function conformancePrograms(): NamedProgram[] {
  const names = Object.keys(makers) as OperatorName[]
  return names.flatMap(name =>
    operatorCases(name, random(7), { all: [1, 3, 37], beyondChunk: [] }).flatMap(({ graph, name: from }) =>
      graph.nodes
        .filter(node => !isSpecial(node.operator))
        .map(node => ({ name: `${node.operator} in ${from}`, program: programOf(graph, node) })),
    ),
  )
}

const f32 = (...shape: number[]): TensorType => ({ dtype: 'f32', shape })
const key: TensorType = { dtype: 'i32', shape: [3] }

function program<N extends MapName>(
  operator: N,
  inputs: readonly TensorType[],
  attributes: MapAttributes[N],
): NamedProgram {
  const output = f32(4, 5)
  return {
    name: `${operator} ${JSON.stringify(attributes)}`,
    program: elementProgram(operator, inputs, output, attributes),
  }
}

/** Constants with few and with many significant bits. */
const constants = (exponents: readonly number[]) =>
  exponents.flatMap(e => [2 ** e, -(2 ** e), 1.9999999 * 2 ** e, -1.3 * 2 ** e].map(bitsOf))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

function extremePrograms(): NamedProgram[] {
  const [x, same] = [f32(4, 5), [f32(4, 5), f32(4, 5)]]
  const betas = [0.5, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999]
  const scales = constants(range(-60, 59)).map(bits => program('scale', [x], { bits }))
  const offsets = constants(range(-100, 59)).map(bits => program('offset', [x], { bits }))
  const moments = betas.flatMap(beta => {
    const attributes = { decayBits: bitsOf(beta), restBits: bitsOf(1 - beta) }
    return [program('movingAverage', same, attributes), program('movingSquare', same, attributes)]
  })
  const adamw = range(-40, 0).map(e =>
    program('adamw', [x, x, x, f32(1, 4)], { epsilonBits: bitsOf(1e-12 * 2 ** (40 + e)) }),
  )
  const clips = [1e-6, 0.1, 1, 1e4, 2 ** 20].map(c => program('clipFactor', [f32(1)], { maximumBits: bitsOf(c) }))
  const widths = (['mx8', 'mx12'] as const).flatMap(width =>
    ([0, 1] as const).map(inverse => program('powerOfTwoScale', [x], { width, inverse })),
  )
  const dropout = [1, 2, 1e6].map(s =>
    program('dropoutMask', [key], { shape: [4, 5], stream: 1, keepBelow: 5, scaleBits: bitsOf(s) }),
  )
  const normal = range(-60, 10).map(e =>
    program('normal', [key], { shape: [4, 5], stream: 1, unitBits: bitsOf(1.1 * 2 ** e) }),
  )
  return [...scales, ...offsets, ...moments, ...adamw, ...clips, ...widths, ...dropout, ...normal]
}

function handMade(build: (s: Language) => F32): ElementProgram {
  const builder = programBuilder()
  return builder.finish(build(language(builder)))
}
const problems = (build: (s: Language) => F32) => checkIntervals(handMade(build)).map(f => `${f.opcode}: ${f.problem}`)

/** The program with one flush replaced by its operand. */
function withoutFlush({ instructions, result }: ElementProgram, removed: number): ElementProgram {
  const operand = instructions[removed]?.operands[0] as number
  const redirect = (n: number) => (n === removed ? operand : n)
  return {
    instructions: instructions.map(i => ({ ...i, operands: i.operands.map(redirect) })),
    result: redirect(result),
  }
}

const flushesOf = ({ instructions }: ElementProgram) =>
  instructions.flatMap((instruction, n) => (instruction.opcode === 'flush' ? [n] : []))

function lies(value: number, range: Range): boolean {
  if (range.kind === 'bool') return value === 0 || value === 1
  if (!(value >= range.min && value <= range.max)) return false
  if (range.kind === 'i32') {
    const low = value & 0x7fffffff
    return low >= range.magnitude.min && low <= range.magnitude.max
  }
  if (value === 0) return range.minusZero || !Object.is(value, -0)
  return Math.abs(value) >= 2 ** range.low && (value / 2 ** range.grain) % 1 === 0
}

/** Reads a domain value wherever the program loads an f32, and any integer where it loads an i32. */
function domainInputs(r: Random, { instructions }: ElementProgram): Inputs {
  const integers = new Set(instructions.filter(i => i.opcode === 'loadI32').map(i => i.immediates[0]))
  return { get: input => (integers.has(input) ? r.below(60) - 5 : domainValue(r)) }
}

type Inputs = Parameters<typeof evaluateInstructions>[1]

/** Returns the first instruction, before any finding, whose value is outside its range. */
function refutation(tested: ElementProgram, inputs: Inputs, coordinates: readonly number[]): string | undefined {
  const ranges = intervalsOf(tested)
  const proven = checkIntervals(tested)[0]?.instruction ?? tested.instructions.length
  const { values } = evaluateInstructions(tested, inputs, coordinates)
  const at = values.findIndex((value, n) => n < proven && !lies(value, ranges[n] as Range))
  if (at < 0) return undefined
  return `${JSON.stringify(tested.instructions[at])} gave ${values[at]}, outside ${JSON.stringify(ranges[at])}`
}

const unproven = (programs: readonly NamedProgram[]) =>
  programs.flatMap(p => checkIntervals(p.program).map(finding => ({ name: p.name, ...finding })))

describe('the interval check', () => {
  test('proves every operator over all conformance cases', () => {
    const programs = conformancePrograms()
    expect(new Set(programs.map(p => p.name.split(' ')[0])).size).toBeGreaterThan(30)
    expect(unproven(programs)).toEqual([])
  })

  test('proves every operator with extreme attributes', () => {
    expect(unproven(extremePrograms())).toEqual([])
  })

  test('finds a product that underflows', () => {
    expect(problems(s => s.mul(s.loadF32(0, [1]), s.loadF32(1, [1])))).toEqual(['mulF32: underflow'])
  })

  test('finds a sum that may cancel to a subnormal', () => {
    const small = (s: Language, input: number) => s.mul(s.flush(s.loadF32(input, [1]), -62), s.f32(2 ** -62))
    expect(problems(s => s.sub(small(s, 0), small(s, 1)))).toEqual(['subF32: underflow'])
  })

  test('finds a product that overflows', () => {
    const square = (s: Language) => s.mul(s.flush(s.loadF32(0, [1]), 0), s.flush(s.loadF32(0, [1]), 0))
    expect(problems(s => s.mul(square(s), square(s)))).toEqual(['mulF32: overflow'])
  })

  test('finds a conversion out of range', () => {
    expect(problems(s => s.toF32(s.toI32(s.loadF32(0, [1]))))).toEqual(['i32OfF32: conversion'])
  })

  test('finds bits that may be a subnormal, an infinity or not a number', () => {
    expect(problems(s => s.fromBits(s.and(s.loadI32(0, [1]), s.i32(0x7fffff))))).toEqual(['f32OfBits: underflow'])
    expect(problems(s => s.mul(s.fromBits(s.loadI32(0, [1])), s.f32(2 ** 100)))).toContain('f32OfBits: overflow')
    expect(problems(s => s.f32Bits(0x7f800000))).toEqual(['constantF32: overflow'])
    expect(problems(s => s.f32Bits(1))).toEqual(['constantF32: underflow'])
  })

  test('finds the bits of what may be -0', () => {
    const zero = (s: Language) => s.mul(s.flush(s.loadF32(0, [1]), 0), s.f32(-1))
    expect(problems(s => s.toF32(s.bits(zero(s))))).toEqual(['bitsOfF32: signOfZero'])
    expect(problems(s => s.toF32(s.bits(s.flush(zero(s), 0))))).toEqual([])
  })

  test('finds every removed flush, but for one that only some callers need and one that is within the margin', () => {
    const noticed = new Map<string, boolean>()
    for (const { name, program: whole } of [...conformancePrograms(), ...extremePrograms()]) {
      for (const flush of flushesOf(whole)) {
        const at = `${name.split(' ')[0]} ${whole.instructions[flush]?.immediates[0]}`
        noticed.set(at, noticed.get(at) === true || checkIntervals(withoutFlush(whole, flush)).length > 0)
      }
    }
    expect(noticed.size).toBeGreaterThan(20)
    expect([...noticed].filter(([, found]) => !found).map(([at]) => at)).toEqual([
      'exp -30', // gelu computes the argument that it gives to exp; here it is an input
      'silu -30',
      'scale -99', // products stay at 2^-124, one binary order above what is allowed
      'movingAverage -99',
    ])
  })

  test('contains every intermediate value of every operator', () => {
    const r = random(11)
    for (const { name, program: tested } of [...conformancePrograms(), ...extremePrograms()]) {
      for (let sample = 0; sample < 3; sample++) {
        const inputs = domainInputs(r, tested)
        const coordinates = Array.from({ length: 5 }, () => r.below(50))
        expect(refutation(tested, inputs, coordinates), name).toBeUndefined()
      }
    }
  })

  test('contains every intermediate value of random programs', () => {
    const r = random(12)
    let instructions = 0
    for (let n = 0; n < 1500; n++) {
      const tested = randomProgram(r, 40)
      instructions += checkIntervals(tested)[0]?.instruction ?? tested.instructions.length
      for (let sample = 0; sample < 10; sample++) {
        const coordinates = Array.from({ length: RANDOM_PROGRAM_RANK }, () => r.below(3))
        expect(refutation(tested, randomInputs(r), coordinates), JSON.stringify(tested)).toBeUndefined()
      }
    }
    expect(instructions).toBeGreaterThan(10_000)
  })
})
