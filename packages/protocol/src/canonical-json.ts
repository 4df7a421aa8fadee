/**
 * One JSON text for one value, for documents that people read: keys sorted by UTF-16 code unit, two spaces of
 * indentation, `\n` at every line's end and after the last, no floats. SPEC: docs/spec/receipt.md "Bytes".
 */
import { encodeUtf8, InputError } from '@cairn/primitives'

/** Encodes objects, arrays, strings, booleans, null and safe integers. Throws `InputError` on anything else. */
export const encodeCanonicalJson = (value: unknown): Uint8Array => encodeUtf8(`${write(value, '\n')}\n`)

function write(value: unknown, newline: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'string' && value.isWellFormed()) return JSON.stringify(value)
  if (typeof value === 'boolean' || value === null) return String(value)
  if (Array.isArray(value)) return writeArray(value, newline)
  if (typeof value === 'object') return writeObject(value, newline)
  throw notJson(value)
}

const writeArray = (items: readonly unknown[], newline: string): string =>
  bracketed(
    '[]',
    items.map(item => write(item, `${newline}  `)),
    newline,
  )

const writeObject = (object: object, newline: string): string =>
  bracketed(
    '{}',
    Object.entries(object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${JSON.stringify(key)}: ${write(value, `${newline}  `)}`),
    newline,
  )

const bracketed = (brackets: string, lines: readonly string[], newline: string): string =>
  lines.length === 0 ? brackets : `${brackets[0]}${newline}  ${lines.join(`,${newline}  `)}${newline}${brackets[1]}`

const notJson = (value: unknown): InputError =>
  new InputError('json.value', 'A canonical JSON document cannot hold this value.', {
    expected: 'an object, a list, text, true, false, null or an integer within 2^53',
    found: String(value),
    fix: 'Write numbers with fractions as decimal text.',
  })
