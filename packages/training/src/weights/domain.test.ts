import { expect, test } from 'vitest'
import { toDomain } from './domain.ts'

const tensor = (values: number[]) =>
  ({ name: 'w', dtype: 'F32', shape: [values.length], data: Float32Array.from(values) }) as const

test('turns what is too small into +0 and keeps every other bit', () => {
  const { data } = toDomain(tensor([1, -0, 2 ** -100, -(2 ** -101), 1e-45, -1.9 * 2 ** 59]))
  const kept = Float32Array.of(1, 0, 2 ** -100, 0, 0, -1.9 * 2 ** 59)
  expect(new Uint32Array(data.buffer)).toEqual(new Uint32Array(kept.buffer))
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, -(2 ** 60)])('refuses %d, naming the element', value => {
  expect(() => toDomain(tensor([1, value]))).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'OutOfDomain', path: 'w[1]', found: `${value}` }),
  )
})
