/**
 * The JSON header of a safetensors file (https://github.com/huggingface/safetensors#format), read strictly: a file that
 * two readers could understand differently is refused, so that one file has one meaning.
 */
import { decodeUtf8, IntegrityError } from '@cairn/primitives'
import { elementCount, showShape } from './tensor.ts'

/** The cap that the reference implementation sets. */
export const LARGEST_HEADER_BYTES = 100_000_000
export const ALIGNMENT_BYTES = 8
export const METADATA_KEY = '__metadata__'

/** Sizes of every element type of the format, in bytes. */
const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const

type StoredDtype = keyof typeof ELEMENT_BYTES

export interface TensorEntry {
  readonly name: string
  readonly dtype: StoredDtype
  readonly shape: readonly number[]
  /** Byte offsets into the data part. */
  readonly begin: number
  readonly end: number
}

interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>
  /** In the order of their data. */
  readonly entries: readonly TensorEntry[]
}

/** Parses header bytes and checks every entry, but not yet against the data. Throws `IntegrityError`. */
export function parseHeader(bytes: Uint8Array, path: string): SafetensorsHeader {
  const text = headerText(bytes, path)
  const json = parseJson(text, path)
  const repeated = findRepeatedKey(text)
  if (repeated !== null) throw damagedFile('RepeatedKey', `${path}: ${repeated}`, 'every name once', 'the name twice')
  const { [METADATA_KEY]: metadata = {}, ...tensors } = json
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value, path))
  return {
    metadata: parseMetadata(metadata, path),
    entries: entries.sort((a, b) => a.begin - b.begin || a.end - b.end),
  }
}

/** Makes the error for a file that is not what a safetensors file must be. */
export const damagedFile = (
  code: string,
  path: string,
  expected: string,
  found: string,
  cause?: unknown,
): IntegrityError =>
  new IntegrityError(code, 'This is not a sound safetensors file.', {
    path,
    expected,
    found,
    fix: 'Download or export the file again; a file from another tool can be saved again with the safetensors library.',
    cause,
  })

/** Padding is at most 7 spaces, and only such as brings the data to a multiple of 8 bytes; old writers did not pad. */
function headerText(bytes: Uint8Array, path: string): string {
  const text = decodeHeader(bytes, path)
  const padding = text.length - text.trimEnd().length
  const spaces = padding < ALIGNMENT_BYTES && text.endsWith(`}${' '.repeat(padding)}`)
  const needed = padding === 0 || bytes.length % ALIGNMENT_BYTES === 0
  if (text.startsWith('{') && spaces && needed) return text
  const expected = 'a JSON object, then 0 to 7 spaces up to a multiple of 8 bytes'
  throw damagedFile('BadPadding', `${path}: header`, expected, `${bytes.length} bytes, ${padding} of them white space`)
}

function decodeHeader(bytes: Uint8Array, path: string): string {
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    throw damagedFile('BadHeader', `${path}: header`, 'UTF-8 text', 'other bytes', cause)
  }
}

function parseJson(text: string, path: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damagedFile(
      'BadHeader',
      `${path}: header`,
      'JSON',
      cause instanceof Error ? cause.message : String(cause),
      cause,
    )
  }
}

/** Finds a key that stands twice in one object, which `JSON.parse` hides; `text` must be sound JSON. */
function findRepeatedKey(text: string): string | null {
  const open: Set<string>[] = []
  for (const [token, literal, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (colon) {
      const key: string = JSON.parse(literal!)
      if (open.at(-1)!.has(key)) return key
      open.at(-1)!.add(key)
    }
  }
  return null
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  const sound = isObject(value) && Object.values(value).every(text => typeof text === 'string')
  if (!sound) throw damagedFile('BadHeader', `${path}: ${METADATA_KEY}`, 'an object of strings', show(value))
  return value as Record<string, string>
}

function parseEntry(name: string, value: unknown, path: string): TensorEntry {
  const where = `${path}: ${name}`
  const { dtype, shape, data_offsets: offsets, ...rest } = isObject(value) ? value : {}
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || Object.keys(rest).length > 0) {
    throw damagedFile('BadEntry', where, 'just dtype, shape and data_offsets, in integers', show(value))
  }
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw damagedFile('UnknownDtype', where, `one of ${Object.keys(ELEMENT_BYTES).join(', ')}`, show(dtype))
  }
  const entry = { name, dtype: dtype as StoredDtype, shape, begin: offsets[0]!, end: offsets[1]! }
  checkSize(entry, where)
  return entry
}

function checkSize({ dtype, shape, begin, end }: TensorEntry, path: string): void {
  const expected = elementCount(shape) * ELEMENT_BYTES[dtype]
  if (end - begin === expected) return
  throw damagedFile('WrongSize', path, `${expected} bytes for ${dtype} ${showShape(shape)}`, `${end - begin} bytes`)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0))

const show = (value: unknown): string => `${JSON.stringify(value)}`.slice(0, 100)
