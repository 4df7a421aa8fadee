import { sha256 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { createDigits, type DigitImages, PIXELS_PER_DIGIT, readDigits, splitDigits } from './digits.ts'

const images = (count: number): DigitImages => ({
  pixels: Uint8Array.from({ length: count * PIXELS_PER_DIGIT }, (_, i) => i % 251),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
})
const digits = createDigits(images(12), sha256)

test('stores all pixels, then all labels', () => {
  expect(digits.blob).toHaveLength(12 * 785)
  expect([...digits.blob.subarray(-12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
  expect(digits.blob.subarray(0, -12)).toEqual(images(12).pixels)
})

test('reads back what it wrote', () => {
  expect(readDigits(digits.blob, digits.hash, sha256)).toEqual(digits)
})

test('holds out the last images', () => {
  const { train, heldOut } = splitDigits(digits, 2, 'data.heldOut')
  expect([train.labels.length, train.pixels.length]).toEqual([10, 7840])
  expect([...heldOut.labels]).toEqual([0, 1])
  expect(heldOut.pixels).toEqual(images(12).pixels.subarray(7840))
})

test.each([0, 12, 1.5])('refuses to hold out %d of 12 images', heldOut => {
  expect(() => splitDigits(digits, heldOut, 'data.heldOut')).toThrow(
    expect.objectContaining({ code: 'BadSplit', path: 'data.heldOut', found: `${heldOut}` }),
  )
})

test('refuses images that cannot be', () => {
  const { pixels, labels } = images(2)
  const refuses = (bad: DigitImages, code: string) =>
    expect(() => createDigits(bad, sha256, 'd')).toThrow(expect.objectContaining({ name: 'InputError', code }))
  refuses({ pixels: new Uint8Array(), labels: new Uint8Array() }, 'EmptyData')
  refuses({ pixels: pixels.subarray(1), labels }, 'BadDigits')
  refuses({ pixels, labels: Uint8Array.of(1, 10) }, 'BadDigits')
})

test('refuses a damaged blob', () => {
  const refuses = (blob: Uint8Array, hash = sha256(blob), code = 'WrongHash') =>
    expect(() => readDigits(blob, hash, sha256)).toThrow(expect.objectContaining({ name: 'IntegrityError', code }))
  refuses(
    digits.blob.map(byte => byte ^ 1),
    digits.hash,
  )
  refuses(digits.blob.subarray(1), undefined, 'WrongLength')
  refuses(new Uint8Array(), undefined, 'WrongLength')
  refuses(new Uint8Array(785).fill(10), undefined, 'BadLabel')
})
