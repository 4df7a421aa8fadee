import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFloats, writeFloats } from './float-bytes.ts'

const u16Bytes = (bits: number): Uint8Array => Uint8Array.of(bits & 255, bits >> 8)
const bitsOf = (values: Float32Array): number[] => [...new Uint32Array(values.buffer)]

/** The value of binary16 bits in double arithmetic, by the definition in IEEE 754. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const mantissa = bits & 1023
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}

test('writes little-endian and keeps every bit of any f32, at any offset', () => {
  const target = new Uint8Array(9)
  expect(writeFloats(Float32Array.of(1, -2), target, 1)).toBe(9)
  expect([...target]).toEqual([0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  const anyBytes = fc.uint8Array({ minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(anyBytes, bytes => {
      const again = new Uint8Array(9)
      writeFloats(readFloats(bytes, 'F32'), again, 1)
      expect(again.subarray(1)).toEqual(bytes)
    }),
  )
})

test('widens all 65,536 half floats exactly', () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const [value] = readFloats(u16Bytes(bits), 'F16')
    if (!Object.is(value, halfValue(bits))) expect([bits, value]).toEqual([bits, halfValue(bits)])
  }
})

test('widens bfloat16 by appending zero bits', () => {
  for (const bits of [0, 0x3f80, 0x8000, 0xff7f, 0x0001, 0x7f80]) {
    expect(bitsOf(readFloats(u16Bytes(bits), 'BF16'))).toEqual([bits * 65_536])
  }
})
