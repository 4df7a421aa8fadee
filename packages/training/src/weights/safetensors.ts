/**
 * Weights as a safetensors file: 8 bytes of header length (u64, little-endian), a JSON header, then the tensors' bytes.
 * The writer is canonical (same tensors and metadata, same bytes); the reader accepts files of other tools too.
 */
import { concat, encodeUtf8, InputError, readU64le, u64le } from '@cairn/primitives'
import { readFloats, writeFloats } from './float-bytes.ts'
import {
  ALIGNMENT_BYTES,
  damagedFile,
  LARGEST_HEADER_BYTES,
  METADATA_KEY,
  parseHeader,
  type TensorEntry,
} from './safetensors-header.ts'
import { elementCount, showShape, type WeightTensor } from './tensor.ts'

export interface SafetensorsFile {
  /** In the order of their data. */
  readonly tensors: readonly WeightTensor[]
  readonly metadata: Readonly<Record<string, string>>
}

export interface ReadOptions {
  /** Names the file in errors. */
  readonly path?: string
  /** Tensors to leave out, whatever their type; their place in the file is still checked. */
  readonly ignore?: (name: string) => boolean
}

const LENGTH_BYTES = 8

/**
 * Writes tensors as one safetensors file, in order of name (by UTF-16 unit), with the metadata `format: pt` that other
 * readers ask for. Throws `InputError` (`BadTensor`) on a repeated or reserved name or data that does not fill its shape.
 */
export function writeSafetensors(
  tensors: readonly WeightTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...tensors].sort((a, b) => byText(a.name, b.name))
  sorted.forEach((tensor, i) => {
    checkTensor(tensor, sorted[i - 1])
  })
  const header = padded(encodeUtf8(JSON.stringify(headerOf(sorted, metadata))))
  const dataBytes = sorted.reduce((sum, { data }) => sum + data.byteLength, 0)
  const file = new Uint8Array(LENGTH_BYTES + header.length + dataBytes)
  file.set(concat(u64le(BigInt(header.length)), header))
  let at = LENGTH_BYTES + header.length
  for (const { data } of sorted) at = writeFloats(data, file, at)
  return file
}

/**
 * Reads a safetensors file; F16 and BF16 become F32, exactly.
 * Throws `IntegrityError` naming the tensor wherever the file is not sound, and `InputError` (`UnsupportedDtype`) on
 * element types that are no weights.
 */
export function readSafetensors(bytes: Uint8Array, { path = 'weights', ignore }: ReadOptions = {}): SafetensorsFile {
  const dataStart = LENGTH_BYTES + headerLength(bytes, path)
  const { metadata, entries } = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), path)
  const data = bytes.subarray(dataStart)
  checkTiling(entries, data.length, path)
  const wanted = entries.filter(({ name }) => !ignore?.(name))
  return { tensors: wanted.map(entry => readTensor(entry, data, path)), metadata }
}

function headerOf(tensors: readonly WeightTensor[], metadata: Readonly<Record<string, string>>): object {
  const notes = Object.entries({ ...metadata, format: 'pt' }).sort(([a], [b]) => byText(a, b))
  let begin = 0
  const entries = tensors.map(({ name, dtype, shape, data }) => {
    const end = begin + data.byteLength
    const entry = [name, { dtype, shape, data_offsets: [begin, end] }]
    begin = end
    return entry
  })
  return Object.fromEntries([[METADATA_KEY, Object.fromEntries(notes)], ...entries])
}

function padded(header: Uint8Array): Uint8Array {
  const spaces = -header.length & (ALIGNMENT_BYTES - 1)
  return concat(header, new Uint8Array(spaces).fill(0x20))
}

function headerLength(bytes: Uint8Array, path: string): number {
  if (bytes.length < LENGTH_BYTES) throw damagedFile('Truncated', path, 'at least 8 bytes', `${bytes.length} bytes`)
  const length = readU64le(bytes)
  const room = Math.min(bytes.length - LENGTH_BYTES, LARGEST_HEADER_BYTES)
  if (length > BigInt(room))
    throw damagedFile('Truncated', path, `a header of at most ${room} bytes`, `${length} bytes`)
  return Number(length)
}

/** The tensors must fill the data from its first byte to its last, one after another. */
function checkTiling(entries: readonly TensorEntry[], length: number, path: string): void {
  let at = 0
  for (const { name, begin, end } of entries) {
    const where = `${path}: ${name}`
    if (begin < at) throw damagedFile('Overlap', where, `data from offset ${at}`, `data from offset ${begin}`)
    if (begin > at) throw damagedFile('Gap', where, `data from offset ${at}`, `data from offset ${begin}`)
    if (end > length) throw damagedFile('Truncated', where, `${end} bytes of data`, `${length} bytes`)
    at = end
  }
  if (at < length) throw damagedFile('TrailingBytes', path, `${at} bytes of data`, `${length} bytes`)
}

function readTensor({ name, dtype, shape, begin, end }: TensorEntry, data: Uint8Array, path: string): WeightTensor {
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new InputError('UnsupportedDtype', 'Weights of this element type cannot be used.', {
      path: `${path}: ${name}`,
      expected: 'F32, F16 or BF16',
      found: dtype,
      fix: 'Convert the tensor to F32 and save the file again.',
    })
  }
  return { name, dtype: 'F32', shape, data: readFloats(data.subarray(begin, end), dtype) }
}

function checkTensor({ name, shape, data }: WeightTensor, previous: WeightTensor | undefined): void {
  if (name === METADATA_KEY || name === previous?.name || !name.isWellFormed()) {
    throw badTensor(name, 'a name that is used once and not reserved', JSON.stringify(name))
  }
  if (!shape.every(size => Number.isSafeInteger(size) && size >= 0) || elementCount(shape) !== data.length) {
    throw badTensor(name, `data that fills the shape ${showShape(shape)}`, `${data.length} elements`)
  }
}

const badTensor = (path: string, expected: string, found: string): InputError =>
  new InputError('BadTensor', 'This tensor cannot be written.', {
    path,
    expected,
    found,
    fix: 'Give each tensor its own name and as many elements as its shape has.',
  })

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
