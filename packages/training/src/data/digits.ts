/**
 * Images of handwritten digits as a canonical blob, known by its hash: first all pixels (28 x 28 bytes an image, rows
 * from the top, 0 is paper, 255 is ink), then all labels (one byte an image). No header: the number follows from its size.
 */
import { type Hash, type HashFunction, InputError } from '@cairn/primitives'
import { emptyData } from './text.ts'
import { checkBlobHash, damaged } from './token-stream.ts'

export const PIXELS_PER_DIGIT = 28 * 28
const CLASSES = 10

export interface DigitImages {
  /** [count, 784], 0 to 255. */
  readonly pixels: Uint8Array
  /** [count], 0 to 9. */
  readonly labels: Uint8Array
}

export interface Digits extends DigitImages {
  readonly blob: Uint8Array
  readonly hash: Hash
}

/** Packs images into their blob. Throws `InputError` (`EmptyData`, `BadDigits`). */
export function createDigits({ pixels, labels }: DigitImages, hash: HashFunction, path = 'data'): Digits {
  if (labels.length === 0) throw emptyData(path, 'no images')
  if (pixels.length !== labels.length * PIXELS_PER_DIGIT) {
    throw badDigits(path, `${labels.length} images of ${PIXELS_PER_DIGIT} pixels`, `${pixels.length} pixels`)
  }
  const wrong = labels.findIndex(label => label >= CLASSES)
  if (wrong >= 0) throw badDigits(`${path}: labels[${wrong}]`, 'a digit from 0 to 9', `${labels[wrong]}`)
  const blob = new Uint8Array(pixels.length + labels.length)
  blob.set(pixels)
  blob.set(labels, pixels.length)
  return { ...cutBlob(blob), blob, hash: hash(blob) }
}

/** Reads images from their blob. Throws `IntegrityError` (`WrongHash`, `WrongLength`, `BadLabel`). */
export function readDigits(blob: Uint8Array, expected: Hash, hash: HashFunction, path = 'data'): Digits {
  checkBlobHash(blob, expected, hash, path)
  if (blob.length === 0 || blob.length % (PIXELS_PER_DIGIT + 1) !== 0) {
    throw damaged('WrongLength', path, `images of ${PIXELS_PER_DIGIT + 1} bytes each`, `${blob.length} bytes`)
  }
  const images = cutBlob(blob)
  const wrong = images.labels.findIndex(label => label >= CLASSES)
  if (wrong >= 0) throw damaged('BadLabel', path, 'labels from 0 to 9', `${images.labels[wrong]} at image ${wrong}`)
  return { ...images, blob, hash: expected }
}

/** Holds out the last images. Throws `InputError` (`BadSplit`) unless some images remain on both sides. */
export function splitDigits(
  digits: DigitImages,
  heldOut: number,
  path: string,
): { train: DigitImages; heldOut: DigitImages } {
  const count = digits.labels.length
  if (!Number.isInteger(heldOut) || heldOut < 1 || heldOut >= count) throw badSplit(heldOut, count, path)
  const cut = count - heldOut
  return { train: sliceDigits(digits, 0, cut), heldOut: sliceDigits(digits, cut, count) }
}

const sliceDigits = ({ pixels, labels }: DigitImages, start: number, end: number): DigitImages => ({
  pixels: pixels.subarray(start * PIXELS_PER_DIGIT, end * PIXELS_PER_DIGIT),
  labels: labels.subarray(start, end),
})

function cutBlob(blob: Uint8Array): DigitImages {
  const cut = (blob.length / (PIXELS_PER_DIGIT + 1)) * PIXELS_PER_DIGIT
  return { pixels: blob.subarray(0, cut), labels: blob.subarray(cut) }
}

/** Makes the error for images that cannot be used. */
export const badDigits = (path: string, expected: string, found: string): InputError =>
  new InputError('BadDigits', 'These are not images of digits.', {
    path,
    expected,
    found,
    fix: 'Install the data again; only 28 x 28 images with labels from 0 to 9 can be used.',
  })

const badSplit = (heldOut: number, count: number, path: string): InputError =>
  new InputError('BadSplit', 'So many images cannot be held out.', {
    path,
    expected: `an integer from 1 to ${count - 1} (there are ${count} images)`,
    found: `${heldOut}`,
    fix: 'Hold out about a fifth of the images.',
  })
