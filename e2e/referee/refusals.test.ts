/** What the contract's interpreter refuses, and what it leaves to be absent. */
import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type Harness, startHarness } from '@cairn/contracts/conformance'
import {
  bitsOf,
  type ElementProgram,
  encodeElementProgram,
  graphBuilder,
  input,
  language,
  programBuilder,
  stack,
} from '@cairn/engine'
import { elementProgram } from '@cairn/engine/arithmetic'
import { floats, random } from '@cairn/engine/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge, judgeWith, type Opening, type OperandBytes } from './element-solidity.ts'

let chain: LocalChain
let harness: Harness
beforeAll(async () => {
  chain = await startLocalChain()
  harness = await startHarness(chain, 'ElementHarness')
})
afterAll(() => chain?.stop())

type Language = ReturnType<typeof language>

function programOf(make: (s: Language) => ReturnType<Language['f32']>): ElementProgram {
  const builder = programBuilder()
  return builder.finish(make(language(builder)))
}

const f32 = (...values: number[]): OperandBytes => ({
  isFloat: true,
  size: 4,
  bytes: new Uint8Array(new Float32Array(values).buffer),
})
const whole = (size: number, bytes: Uint8Array): OperandBytes => ({ isFloat: false, size, bytes })
const first = { operand: 0, leaf: 0 }

describe('a load that nobody opened', () => {
  const builder = graphBuilder()
  const tensors = Array.from({ length: 40 }, (_, n) => input(builder, `x${n}`, [1]))
  const program = elementProgram('stack', tensors, stack(tensors), {})
  const operands = tensors.map((_, n) => f32(n + 0.5))
  const stacked = (place: number, opened: number) =>
    judgeWith(harness, encodeElementProgram(program), operands, [{ operand: opened, leaf: 0 }], [[place]])

  it('is no matter where a select leaves it out', async () => {
    expect(await stacked(17, 17)).toMatchObject([{ bits: bitsOf(17.5), diverged: false }])
  })

  it('makes what depends on it absent, which is refused', async () => {
    await expect(stacked(17, 16)).rejects.toThrow('OpeningMissing')
  })

  type Dependent = (s: Language, x: ReturnType<Language['f32']>) => ReturnType<Language['f32']>
  it.for<readonly [string, Dependent]>([
    ['itself', (_, x) => x],
    ['a first operand', (s, x) => s.add(x, s.f32(1))],
    ['a second operand', (s, x) => s.add(s.f32(1), x)],
    ['a lone operand', (s, x) => s.toF32(s.toI32(x))],
    ['what is flushed', (s, x) => s.flush(x, -100)],
    ['a condition', (s, x) => s.select(s.less(x, s.f32(1)), s.f32(2), s.f32(2))],
    ['what is selected first', (s, x) => s.select(s.lessI32(s.i32(0), s.i32(1)), x, s.f32(2))],
    ['what is selected second', (s, x) => s.select(s.lessI32(s.i32(1), s.i32(0)), s.f32(2), x)],
  ])('is refused as %s', async ([, dependent]) => {
    const code = encodeElementProgram(programOf(s => dependent(s, s.loadF32(0, [1]))))
    const judged = (openings: readonly Opening[]) => judgeWith(harness, code, [f32(1)], openings, [[0]])
    await expect(judged([])).rejects.toThrow('OpeningMissing')
    await expect(judged([first])).resolves.toHaveLength(1)
  })

  it('is refused where it says what else is loaded, which could be out of range', async () => {
    const chosen = programOf(s => {
      const gathered = s.gather(0, s.loadI32(1, [0]))
      return s.select(s.lessI32(s.i32(0), s.i32(1)), s.f32(2), gathered)
    })
    const code = encodeElementProgram(chosen)
    await expect(judgeWith(harness, code, [f32(1), f32(1)], [first], [[0]])).rejects.toThrow('OpeningMissing')
  })
})

describe('code that no program has', () => {
  const code = encodeElementProgram(programOf(s => s.add(s.loadF32(0, [1]), s.f32(1))))
  const judged = (bytes: Uint8Array) => judgeWith(harness, bytes, [f32(1, 2)], [first], [[1]])
  const changed = (place: number, value: number) => code.map((byte, at) => (at === place ? value : byte))
  // u16 count, u16 result; load: opcode, u16 input, i32 offset, i32 stride; constant: opcode, u32; add: opcode, u16, u16.
  const [COUNT, RESULT, LOAD, ADD] = [1, 3, 4, 20]

  it('is not this code', async () => {
    expect(code.length).toBe(ADD + 5)
    expect(await judged(code)).toMatchObject([{ bits: bitsOf(3), diverged: false }])
  })

  it.for<readonly [string, () => Uint8Array]>([
    ['bytes after its end', () => Uint8Array.from([...code, 0])],
    ['no end', () => code.subarray(0, -1)],
    ['no bytes', () => new Uint8Array()],
    ['fewer instructions than bytes', () => changed(COUNT, 2)],
    ['more instructions than bytes', () => changed(COUNT, 4)],
    ['a result that is no instruction', () => changed(RESULT, 3)],
    ['an opcode beyond the table', () => changed(ADD, 35)],
    ['an operand that is itself', () => changed(ADD + 2, 2)],
    ['an operand that comes later', () => changed(ADD + 4, 3)],
    ['an input beyond the operands', () => changed(LOAD + 2, 1)],
  ])('has %s', async ([, bytes]) => {
    await expect(judged(bytes())).rejects.toThrow('BadCode')
  })

  it('has an opcode beyond the table, whatever is absent', async () => {
    await expect(judgeWith(harness, changed(ADD, 35), [f32(1, 2)], [], [[1]])).rejects.toThrow('BadCode')
  })

  it('has an axis beyond the output', async () => {
    const coordinate = encodeElementProgram(programOf(s => s.toF32(s.coordinate(1))))
    await expect(judgeWith(harness, coordinate, [], [], [[1]])).rejects.toThrow('BadCode')
  })
})

describe('elements of an operand', () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, n) => (n * 37 + (n >> 8)) & 255)
  const program = programOf(s => s.toF32(s.gatherI32(0, s.coordinate(0))))

  it.for([1, 2, 4])('of %i bytes are read on both sides of a leaf, little-endian and zero-extended', async size => {
    const last = 4096 / size
    const places = [0, 1, last - 1, last, 2 * last - 1, 2 * last, bytes.length / size - 1].map(place => [place])
    const found = await judge(harness, program, [whole(size, bytes)], places)
    const expected = places.map(([place]) => {
      const word = Buffer.from(bytes).readUIntLE((place as number) * size, size)
      return { bits: bitsOf(word | 0), diverged: false }
    })
    expect(found.map(({ bits, diverged }) => ({ bits, diverged }))).toEqual(expected)
  })

  it('read as 0 and diverge out of range, before the first and after the last', async () => {
    const index = programOf(s => s.toF32(s.gatherI32(0, s.subI32(s.coordinate(0), s.i32(2)))))
    const places = [[0], [1], [2], [2 + 1249], [2 + 1250]]
    const found = await judge(harness, index, [whole(4, bytes.subarray(0, 5000))], places)
    expect(found.map(({ diverged }) => diverged)).toEqual([true, true, false, false, true])
    expect(found.filter(({ diverged }) => diverged).map(({ bits }) => bits)).toEqual([0, 0, 0])
  })

  it('are refused beyond the end of an opening', async () => {
    const values = floats(random(1), 8, 'ordinary')
    const [full, short] = [f32(...values), f32(...values.subarray(0, 7))]
    const code = encodeElementProgram(programOf(s => s.loadF32(0, [1])))
    const outcome = (content: OperandBytes) =>
      harness.call(
        'evaluate',
        hexOf(code),
        [{ count: 8n, size: 4n }],
        [{ operand: 0n, leaf: 0n, content: hexOf(content.bytes) }],
        [[7n]],
      )
    await expect(outcome(full)).resolves.toMatchObject([{ value: BigInt(bitsOf(values[7] as number)) }])
    await expect(outcome(short)).rejects.toThrow('BadOpening')
  })
})

const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`

describe('bytes that are no block', () => {
  const block = (bytes: number) => hexOf(new Uint8Array(bytes))

  it('are refused, and so are two blocks of different widths', async () => {
    await expect(harness.call('contractRows', [block(33)], [block(33)])).resolves.toEqual([
      0n,
      false,
      expect.any(BigInt),
    ])
    await expect(harness.call('contractRows', [block(66)], [block(66)])).resolves.toEqual([
      0n,
      false,
      expect.any(BigInt),
    ])
    for (const [a, b] of [
      [33, 66],
      [34, 34],
      [0, 0],
      [65, 65],
    ] as const) {
      await expect(harness.call('contractRows', [block(a)], [block(b)])).rejects.toThrow('BadBlock')
    }
    await expect(harness.call('dequantise', [block(32)])).rejects.toThrow('BadBlock')
  })
})
