import { sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { makers } from '../conformance/cases.ts'
import { random } from '../conformance/values.ts'
import type { Node } from '../graph.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { isSpecial } from '../operators/operation-counts.ts'
import { sizeBytes } from '../quantised-layout.ts'
import { evaluateElement } from '../scalar/evaluate.ts'
import { language } from '../scalar/language.ts'
import { bitsOf, type ElementProgram, floatOfBits, programBuilder } from '../scalar/program.ts'
import { BLOCK, coordinatesOf, elementCount, type QuantisedDType, type Shape } from '../tensor-type.ts'
import { type OperatorRun, operatorRuns } from '../testing/operator-runs.ts'
import { INPUT_LENGTH, RANDOM_PROGRAM_RANK, randomInputs, randomProgram } from '../testing/random-programs.ts'
import { decodeElementProgram, encodeElementProgram } from './element-code.ts'
import { isIndexOutOfRange, judgeDequantised, judgeMap, judgeQuantisedBlock, type OpenedRead } from './judge-element.ts'
import { elementCode, type JudgedQuantise, judgeable } from './judged-operator.ts'
import { blockElements, blockOfElement, elementReads } from './reads.ts'

const r = random(0x1d9e)
const quick = { all: [1, 37], beyondChunk: [] }
const ELEMENTS_IN_LEAF = 1024
const mapNames = (Object.keys(makers) as OperatorName[]).filter(name => !isSpecial(name))

const wordAt = (bytes: Uint8Array, index: number) =>
  index < 0 || 4 * index >= bytes.length
    ? undefined
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * index, true)

/** Everything that is judged of one element, and the values for honest players. */
function disputed({ graph, node, tensors }: OperatorRun, element: number) {
  const code = elementCode(graph, node)
  const types = node.inputs.map(id => graph.nodes[id] as Node)
  const coordinates = coordinatesOf(element, node.shape)
  const program = decodeElementProgram(code, { rank: node.shape.length, inputs: types.length })
  const word: OpenedRead = (n, index) => wordAt(tensors[n] as Uint8Array, index)
  const get = (n: number, index: number) => {
    const bits = word(n, index)
    return bits === undefined ? undefined : types[n]?.dtype === 'f32' ? floatOfBits(bits) : bits | 0
  }
  const reads = elementReads(program, coordinates, { get })
  const counts = types.map(({ shape }) => elementCount(shape))
  const evaluated = evaluateElement(program, { get }, coordinates)
  const honest = { bits: bitsOf(evaluated.value), diverged: evaluated.diverged }
  /** Opens what is needed, without one of the places. */
  const judge = (withheld?: number) =>
    judgeMap(code, coordinates, counts, (n, index) =>
      reads.some((place, i) => i !== withheld && place.input === n && place.index === index)
        ? word(n, index)
        : undefined,
    )
  return { reads, honest, judge }
}

function someElements(shape: Shape): readonly number[] {
  const elements = elementCount(shape)
  return [...new Set([0, elements - 1, r.below(elements), r.below(elements), r.below(elements)])]
}

describe('an element of a map operator', () => {
  test.for(mapNames)('%s is judged from what it needs, and from nothing less', async name => {
    for (const run of await operatorRuns(name, r, quick)) {
      const { output } = run
      for (const element of someElements(run.node.shape)) {
        const { reads, honest, judge } = disputed(run, element)
        expect(judge(), run.name).toEqual(honest)
        if (output !== undefined) expect(honest).toEqual({ bits: wordAt(output, element), diverged: false })
        for (const place of reads.keys()) expect(judge(place), run.name).toBeUndefined()
      }
    }
  })

  test('needs at most four leaves', async () => {
    for (const name of mapNames) {
      for (const run of await operatorRuns(name, r, { all: [499], beyondChunk: [] })) {
        const leaves = someElements(run.node.shape).map(element => {
          const { reads } = disputed(run, element)
          return new Set(reads.map(({ input, index }) => `${input}/${Math.floor(index / ELEMENTS_IN_LEAF)}`)).size
        })
        expect(Math.max(...leaves), run.name).toBeLessThanOrEqual(4)
      }
    }
  })

  test('shows which one left the domain', async () => {
    for (const name of mapNames) {
      const flagged = (await operatorRuns(name, r, { all: [], beyondChunk: [] })).filter(
        run => run.output === undefined,
      )
      for (const run of flagged) {
        const elements = Array.from({ length: elementCount(run.node.shape) }, (_, e) => disputed(run, e).judge())
        expect(elements.some(judged => judged?.diverged)).toBe(true)
      }
    }
  })
})

type Build = (s: ReturnType<typeof language>) => number

const build = (make: Build): ElementProgram => {
  const builder = programBuilder()
  return builder.finish(make(language(builder)) as never)
}

/** Judges at coordinates [0] over one f32 and one i32 input of four elements. */
const judged = (make: Build, opened: Readonly<Record<string, number>>) =>
  judgeMap(encodeElementProgram(build(make)), [0], [4, 4], (input, index) => opened[`${input}/${index}`])

const ONE = { bits: 0x3f800000, diverged: false }
const one = bitsOf(1)

describe('a load that nobody opened', () => {
  const chosen: Build = s => s.select(s.lessI32(s.loadI32(1, [0]), s.i32(5)), s.loadF32(0, [0]), s.loadF32(0, [0], 1))

  test('does not matter where a select leaves it out', () => {
    expect(judged(chosen, { '1/0': 4, '0/0': one })).toEqual(ONE)
    expect(judged(chosen, { '1/0': 5, '0/1': one })).toEqual(ONE)
  })

  test('is missed where the element depends on it, as a value or as a condition', () => {
    expect(judged(chosen, { '1/0': 5, '0/0': one })).toBeUndefined()
    expect(judged(chosen, { '0/0': one, '0/1': one })).toBeUndefined()
    expect(judged(s => s.mul(s.loadF32(0, [0]), s.f32(0)), {})).toBeUndefined()
  })

  test('may not be the index of a gather, even of one that a select leaves out', () => {
    const gather: Build = s => s.gather(0, s.loadI32(1, [0]))
    expect(judged(gather, {})).toBeUndefined()
    expect(judged(gather, { '1/0': 2, '0/2': one })).toEqual(ONE)
    expect(judged(s => s.select(s.lessI32(s.i32(1), s.i32(0)), gather(s) as never, s.f32(1)), {})).toBeUndefined()
  })
})

describe('a place out of range', () => {
  test.for([4, -1, 2 ** 31 - 1])('reads 0 and leaves the domain, even where a select leaves it out: %i', index => {
    expect(judged(s => s.gather(0, s.i32(index)), {})).toEqual({ bits: 0, diverged: true })
    expect(judged(s => s.toF32(s.gatherI32(1, s.i32(index))), {})).toEqual({ bits: 0, diverged: true })
    const left: Build = s => s.select(s.lessI32(s.i32(0), s.i32(1)), s.f32(1), s.gather(0, s.i32(index)))
    expect(judged(left, {})).toEqual({ ...ONE, diverged: true })
  })

  test('needs the opening that its index depends on', () => {
    const program = build(s => s.select(s.lessI32(s.i32(0), s.i32(1)), s.f32(1), s.gather(0, s.loadI32(1, [0]))))
    const reads = (index: number) =>
      elementReads(program, [0], { get: (n, i) => (i < 0 || i > 3 ? undefined : n === 1 ? index : 1) })
    expect(reads(9)).toEqual([{ input: 1, index: 0 }])
    expect(reads(3)).toEqual([{ input: 1, index: 0 }])
  })
})

describe('an element of a batch', () => {
  test('may be an integer, which has no canon', () => {
    expect(judged(s => s.gatherI32(1, s.i32(3)), { '1/3': 0xffffff85 })).toEqual({ bits: 0xffffff85, diverged: false })
    expect(judged(s => s.gatherI32(1, s.i32(4)), {})).toEqual({ bits: 0, diverged: true })
  })
})

describe('random programs', () => {
  test('are judged as they are evaluated', () => {
    for (let n = 0; n < 400; n++) {
      const [program, inputs] = [randomProgram(r, 1 + r.below(40)), randomInputs(r)]
      const code = encodeElementProgram(program)
      const coordinates = Array.from({ length: RANDOM_PROGRAM_RANK }, () => r.below(3))
      const reads = elementReads(program, coordinates, inputs)
      const bits: OpenedRead = (input, index) => {
        if (!reads.some(place => place.input === input && place.index === index)) return undefined
        const value = inputs.get(input, index) as number
        return input < 2 ? bitsOf(value) : value >>> 0
      }
      const counts = [0, 1, 2, 3].map(input => (inputs.get(input, 0) === undefined ? 0 : INPUT_LENGTH))
      const { value, diverged } = evaluateElement(program, inputs, coordinates)
      expect(judgeMap(code, coordinates, counts, bits)).toEqual({ bits: bitsOf(value), diverged })
    }
  })

  test('whose code is not whole show nothing', () => {
    const code = encodeElementProgram(build(s => s.f32(1)))
    expect(judgeMap(code, [0], [], () => undefined)).toEqual(ONE)
    expect(judgeMap(code.subarray(1), [0], [], () => undefined)).toBeUndefined()
    expect(judgeMap(new Uint8Array(), [0], [], () => undefined)).toBeUndefined()
  })
})

const blockBytes = (dtype: string) => sizeBytes({ dtype: dtype as QuantisedDType, shape: [BLOCK] })

describe('a quantised block', () => {
  test('is judged from its 32 elements', async () => {
    const runs = await operatorRuns('quantise', r, { all: [1, 37, 64, 101], beyondChunk: [] })
    for (const { graph, node, tensors, output, name } of runs) {
      const operator = judgeable(graph, node, sha256) as JudgedQuantise
      const size = blockBytes(node.dtype)
      const blocks = sizeBytes(node) / size
      const judgeBlock = (block: number) => {
        const { first, count } = blockElements(node.shape, block)
        const bits = Array.from({ length: count }, (_, i) => wordAt(tensors[0] as Uint8Array, first + i) as number)
        return judgeQuantisedBlock(operator, bits)
      }
      const all = Array.from({ length: blocks }, (_, block) => judgeBlock(block))
      expect(
        all.some(({ diverged }) => diverged),
        name,
      ).toBe(output === undefined)
      const bytes = all.flatMap(({ block }) => [...block])
      if (output !== undefined) expect(Uint8Array.from(bytes), name).toEqual(output)
    }
    expect(runs.some(({ output }) => output === undefined)).toBe(true)
  })

  test('gives its elements back', async () => {
    for (const { graph, node, tensors, output } of await operatorRuns('dequantise', r, quick)) {
      const { dtype } = graph.nodes[node.inputs[0] as number] as Node
      const size = blockBytes(dtype)
      for (let element = 0; element < elementCount(node.shape); element++) {
        const { block, within } = blockOfElement(node.shape, element)
        const bytes = (tensors[0] as Uint8Array).slice(block * size, (block + 1) * size)
        const bits = wordAt(output as Uint8Array, element)
        expect(judgeDequantised(dtype as QuantisedDType, bytes, within)).toEqual({ bits, diverged: false })
      }
    }
  })
})

describe('an index of a scatter-add', () => {
  test('is out of range where it names no row', async () => {
    const runs = await operatorRuns('scatterAdd', r, quick)
    const outside = runs.map(({ graph, node, tensors }) => {
      const operator = judgeable(graph, node, sha256)
      const index = tensors[1] as Uint8Array
      return Array.from({ length: index.length / 4 }, (_, i) => wordAt(index, i) as number).some(bits =>
        isIndexOutOfRange(operator, bits),
      )
    })
    expect(outside.includes(true)).toBe(true)
    runs.forEach(({ output }, n) => {
      if (output !== undefined) expect(outside[n]).toBe(false)
    })
  })

  test.for([-1, 7, 2 ** 31 - 1, -(2 ** 31)])('may be %i, and is not below 7', async index => {
    const operator = { class: 'scatterAdd', dtype: 'f32', shape: [7, 2], inputs: [] } as const
    expect(isIndexOutOfRange(operator, index >>> 0)).toBe(true)
    expect([0, 6].map(row => isIndexOutOfRange(operator, row))).toEqual([false, false])
  })
})
