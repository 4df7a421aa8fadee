import { describe, expect, it } from 'vitest'
import { firstInadmissible, inputCheck, isAdmissible } from './admissible.ts'
import type { Node } from './graph.ts'
import { QUANTISE_LIMIT_EXPONENT, SMALLEST_SCALE_EXPONENT } from './tensor-type.ts'

const words = (...bits: number[]) => new Uint8Array(Uint32Array.from(bits).buffer)
const f32 = (count: number) => ({ dtype: 'f32', shape: [count] }) as const

describe('a word', () => {
  it.each([
    ['zero', 0, true],
    ['minus zero', 0x80000000, false],
    ['the smallest subnormal', 1, false],
    ['just under 2^-100', 0x0d7fffff, false],
    ['2^-100', 0x0d800000, true],
    ['-2^-100', 0x8d800000, true],
    ['just under 2^60', 0x5d7fffff, true],
    ['just over -2^60', 0xdd7fffff, true],
    ['2^60', 0x5d800000, false],
    ['infinity', 0x7f800000, false],
    ['a NaN', 0x7fc00000, false],
    ['a negative NaN', 0xffffffff, false],
  ])('%s', (_, bits, isGood) => {
    expect(firstInadmissible(f32(1), words(bits))).toBe(isGood ? -1 : 0)
    expect(firstInadmissible(f32(3), words(0x3f800000, 0, bits))).toBe(isGood ? -1 : 2)
    // Whatever place in memory the bytes have.
    const shifted = new Uint8Array(5)
    shifted.set(words(bits), 1)
    expect(firstInadmissible(f32(1), shifted.subarray(1))).toBe(isGood ? -1 : 0)
    expect(isAdmissible(f32(9), 4, words(bits))).toBe(isGood)
  })

  it('of an integer may be any', () => {
    expect(firstInadmissible({ dtype: 'i32', shape: [2] }, words(0x80000000, 0xffffffff))).toBe(-1)
  })
})

describe.each([
  ['mx8', 1, 8],
  ['mx12', 2, 12],
] as const)('a block of %s', (dtype, width, bits) => {
  const limit = 2 ** (bits - 1) - 1
  const largest = QUANTISE_LIMIT_EXPONENT - 1 - (bits - 2)
  const block = (scale: number, ...mantissas: number[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(33 * width))
    const set = (i: number, value: number) => (width === 1 ? view.setInt8(i, value) : view.setInt16(2 * i, value, true))
    mantissas.forEach((mantissa, i) => set(i, mantissa))
    set(32, scale)
    return new Uint8Array(view.buffer)
  }

  it.each([
    ['of zeros', SMALLEST_SCALE_EXPONENT, 0, true],
    ['with the largest mantissa', 0, limit, true],
    ['with the smallest mantissa', 0, -limit, true],
    ['with a mantissa beyond', 0, -limit - 1, false],
    ['of the smallest scale', SMALLEST_SCALE_EXPONENT, 1, true],
    ['of a smaller scale', SMALLEST_SCALE_EXPONENT - 1, 1, false],
    ['of the largest scale', largest, 1, true],
    ['of a larger scale', largest + 1, 1, false],
    ['of scale -127', -127, 1, false],
    ['of scale -128', -128, 1, false],
    ['of scale 127', 127, 1, false],
  ])('%s', (_, scale, mantissa, isGood) => {
    const bytes = block(scale, mantissa)
    expect(isAdmissible({ dtype, shape: [32] }, 0, bytes)).toBe(isGood)
    const [good, all] = [block(0, 1), new Uint8Array(66 * width)]
    all.set(good)
    all.set(bytes, 33 * width)
    expect(firstInadmissible({ dtype, shape: [2, 32] }, all)).toBe(isGood ? -1 : 1)
  })

  it('holds zeros where its tensor has no element', () => {
    const bytes = block(0, 1, 1, 1, 1)
    expect(firstInadmissible({ dtype, shape: [4] }, bytes)).toBe(-1)
    expect(firstInadmissible({ dtype, shape: [3] }, bytes)).toBe(0)
    // The second block of a row of 35 elements has three.
    expect(isAdmissible({ dtype, shape: [2, 35] }, 3, bytes)).toBe(false)
    expect(isAdmissible({ dtype, shape: [2, 36] }, 3, bytes)).toBe(true)
  })
})

it('an input is bad until something else is written', () => {
  const check = inputCheck()
  const node = { id: 3, ...f32(1) } as unknown as Node
  check.wrote(node, words(0x7fc00000))
  expect([check.hasBad(), check.isBad(node)]).toEqual([true, true])
  check.wrote(node, words(0))
  expect([check.hasBad(), check.isBad(node)]).toEqual([false, false])
})
