import { expect, test } from 'vitest'
import { exponential, integerPower, logarithm, power, sineCosine, squareRootOf } from './constants.ts'

/** Relative distance in units of a double's last place. */
const ulps = (a: number, b: number) => Math.abs(a - b) / (Math.abs(b) * 2 ** -52 || 2 ** -52)

const samples = Array.from({ length: 2000 }, (_, i) => ((i * 7919) % 2000) / 100 + 0.0001 * i)

test('exponential, logarithm, power and square root are right to 46 bits and better', () => {
  for (const x of samples) {
    expect(ulps(exponential(x), Math.exp(x))).toBeLessThan(64)
    expect(ulps(exponential(-x), Math.exp(-x))).toBeLessThan(64)
    expect(Math.abs(logarithm(x + 1e-6) - Math.log(x + 1e-6))).toBeLessThan(1e-14 * (1 + Math.abs(Math.log(x + 1e-6))))
    expect(ulps(squareRootOf(x), Math.sqrt(x))).toBeLessThan(2)
    expect(ulps(power(10000, -x / 64), 10000 ** (-x / 64))).toBeLessThan(40)
  }
})

test('sine and cosine are right up to a hundred thousand radians', () => {
  for (const x of [...samples, ...samples.map(s => s * 5000)]) {
    const [sin, cos] = sineCosine(x)
    expect(Math.abs(sin - Math.sin(x))).toBeLessThan(1e-11)
    expect(Math.abs(cos - Math.cos(x))).toBeLessThan(1e-11)
  }
})

test('integer powers multiply exactly where the result fits', () => {
  expect([integerPower(3, 0), integerPower(3, 5), integerPower(2, 40), integerPower(0.5, 3)]).toEqual([
    1,
    243,
    2 ** 40,
    0.125,
  ])
})

test('the bits are these on every engine', () => {
  const bits = (x: number) => new DataView(Float64Array.of(x).buffer).getBigUint64(0, true).toString(16)
  expect(
    [exponential(1), logarithm(10), power(10000, -0.3), squareRootOf(2), ...sineCosine(12345.678)].map(bits),
  ).toMatchInlineSnapshot(`
    [
      "4005bf0a8b145768",
      "40026bb1bbb55515",
      "3fb0270ac3f8a9fc",
      "3ff6a09e667f3bcc",
      "bfe687d5890974a5",
      "3fe6b94c3bbe24b7",
    ]
  `)
})
