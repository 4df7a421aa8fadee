import { sha256 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { PIXELS_PER_DIGIT } from './digits.ts'
import { digitsOfMnistPackage } from './mnist-package.ts'

/** Image i of a class has the grey value i / 1000 in every pixel, written with three decimals as in the package. */
const documents = (counts: readonly number[]) =>
  counts.map(count => ({
    data: Array.from({ length: count * PIXELS_PER_DIGIT }, (_, at) => Math.floor(at / PIXELS_PER_DIGIT) / 1000),
  }))

test('mixes the classes in proportion, each in its own order', () => {
  const { labels, pixels } = digitsOfMnistPackage(documents([4, 2, 1, 0, 0, 0, 0, 0, 0, 0]), sha256)
  expect([...labels]).toEqual([0, 1, 0, 2, 0, 1, 0])
  const firstPixels = Array.from(labels, (_, at) => pixels[at * PIXELS_PER_DIGIT])
  expect(firstPixels).toEqual([0, 0, 0, 0, 1, 0, 1]) // 0.002 x 255 is 0.51, 0.003 x 255 is 0.765
})

test('keeps every stretch like the whole', () => {
  const counts = [100, 113, 99, 103, 98, 86, 101, 107, 94, 98]
  const { labels } = digitsOfMnistPackage(documents(counts), sha256)
  const tail = labels.subarray(-200)
  counts.forEach((count, label) => {
    const share = (200 * count) / labels.length
    expect(Math.abs(tail.filter(each => each === label).length - share)).toBeLessThanOrEqual(1)
  })
})

test('gives the grey values that were rounded to three decimals back exactly', () => {
  const greys = Array.from({ length: 256 }, (_, grey) => Number((grey / 255).toFixed(3)))
  const data = [...greys, ...new Array(PIXELS_PER_DIGIT - 256).fill(0)]
  const { pixels } = digitsOfMnistPackage([{ data }, ...documents(new Array(9).fill(0))], sha256)
  expect([...pixels.subarray(0, 256)]).toEqual(Array.from({ length: 256 }, (_, grey) => grey))
})

const withData = (data: unknown) => [{ data: data as number[] }, ...documents(new Array(9).fill(1))]
test.each([
  ['too few documents', documents([1]), 'mnist'],
  ['half an image', withData([0, 0.5]), 'mnist 0.json: data'],
  ['no list', withData('0'), 'mnist 0.json: data'],
  ['a value above 1', withData([...new Array(783).fill(0), 1.5]), 'mnist 0.json: data[783]'],
  ['null', withData([null, ...new Array(783).fill(0)]), 'mnist 0.json: data[0]'],
])('refuses %s', (_, bad, path) => {
  expect(() => digitsOfMnistPackage(bad, sha256)).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'BadDigits', path }),
  )
})
