import { InputError } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, type Decimal, decimalToF32Bits, floorOfProduct, parseDecimal } from './decimal.ts'

const froundBits = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0]!
const bitsOf = (text: string): number => decimalToF32Bits(parseDecimal(text))

describe('parseDecimal', () => {
  it.each([
    [0.0003, '0.0003'],
    ['3e-4', '0.0003'],
    ['+0.90', '0.9'],
    ['1.500e2', '150'],
    [1e21, '1000000000000000000000'],
    [-0, '0'],
    ['-0.000', '0'],
    ['007.5', '7.5'],
    [-2.5, '-2.5'],
    ['0e99', '0'],
    [5e-7, '0.0000005'],
  ])('writes %s as %s', (value, expected) => {
    expect(parseDecimal(value)).toBe(expected)
  })

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '.5',
    '5.',
    '1_000',
    '0x10',
    ' 1',
    '1e65',
    '1e-65',
    null,
    true,
    10n,
    [1],
  ])('refuses %s', value => {
    expect(() => parseDecimal(value)).toThrow(InputError)
  })

  it('keeps its own output and the value of every double', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e30, max: 1e30, noNaN: true }), value => {
        fc.pre(value === 0 || Math.abs(value) > 1e-40)
        const decimal = parseDecimal(value)
        expect(parseDecimal(decimal)).toBe(decimal)
        expect(Number(decimal)).toBe(value + 0)
      }),
    )
  })
})

describe('decimalToF32Bits', () => {
  it('agrees with Math.fround wherever the double is exact', () => {
    const exact = fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 40 }))
    fc.assert(
      fc.property(exact, ([integer, shift]) => {
        const value = integer / 2 ** shift
        expect(decimalToF32Bits(parseDecimal(exactText(integer, shift)))).toBe(froundBits(value + 0))
      }),
      { numRuns: 1000 },
    )
  })

  it('gives back every f32 from its shortest double text', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), value => {
        fc.pre(value !== 0)
        expect(decimalToF32Bits(parseDecimal(value))).toBe(froundBits(value))
      }),
      { numRuns: 1000 },
    )
  })

  it('rounds once where a double in between would round twice', () => {
    const justAboveTie = '1.000000059604644775390625000001' // 1 + 2^-24 + 1e-30; as a double the tie itself
    expect(froundBits(Number(justAboveTie))).toBe(0x3f800000)
    expect(bitsOf(justAboveTie)).toBe(0x3f800001)
  })

  it.each([
    ['1.000000059604644775390625', 0x3f800000], // tie, to even below
    ['1.000000178813934326171875', 0x3f800002], // tie, to even above
    ['16777217', 0x4b800000],
    ['16777219', 0x4b800002],
    ['1.99999999', 0x40000000], // carries into the exponent
    ['0.1', 0x3dcccccd],
    ['-2.5', 0xc0200000],
    ['0', 0],
    ['1e-45', 1], // smallest subnormal
    ['7e-46', 0],
    ['1.1754943508222875e-38', 0x00800000],
    ['1.17549429e-38', 0x00800000], // a subnormal that rounds up to a normal
    ['340282346638528859811704183484516925440', 0x7f7fffff],
  ])('rounds %s to the nearest f32', (text, bits) => {
    expect(bitsOf(text)).toBe(bits)
  })

  it('refuses what would round to infinity', () => {
    expect(() => bitsOf('340282356779733661637539395458142568448')).toThrow(InputError)
    expect(bitsOf('340282356779733661637539395458142568447')).toBe(0x7f7fffff)
  })
})

it('compares decimals by value', () => {
  const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter(x => x === 0 || Math.abs(x) > 1e-30)
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      expect(compareDecimals(parseDecimal(a), parseDecimal(b))).toBe(Math.sign(a - b) + 0)
    }),
  )
})

it('takes the floor of an exact product', () => {
  expect(floorOfProduct(10n, '0.3' as Decimal)).toBe(3n)
  expect(floorOfProduct(99n, '0.1' as Decimal)).toBe(9n)
  expect(floorOfProduct(1000n, '0.001' as Decimal)).toBe(1n)
})

/** The exact decimal text of integer / 2^shift. */
function exactText(integer: number, shift: number): string {
  const scaled = BigInt(Math.abs(integer)) * 5n ** BigInt(shift)
  const digits = scaled.toString().padStart(shift + 1, '0')
  const text = shift === 0 ? digits : `${digits.slice(0, -shift)}.${digits.slice(-shift)}`
  return integer < 0 ? `-${text}` : text
}
