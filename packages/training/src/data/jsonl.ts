/** Text from JSONL: one JSON object a line, the text in one of its fields. */
import { InputError } from '@cairn/primitives'
import { decodeText, emptyData } from './text.ts'

export interface JsonlOptions {
  /** The field that holds the text; `text` if not given. */
  readonly field?: string
  /** What stands between two documents; a line feed if not given. */
  readonly separator?: string
}

/**
 * Joins the texts of all lines, in order; blank lines are skipped.
 * Throws `InputError` (`BadJsonl`) with `path:line`, and what `decodeText` throws.
 */
export function textFromJsonl(bytes: Uint8Array, path: string, options: JsonlOptions = {}): string {
  const { field = 'text', separator = '\n' } = options
  const texts: string[] = []
  decodeText(bytes, path)
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() !== '') texts.push(textOfLine(line, field, `${path}:${index + 1}`))
    })
  const joined = texts.join(separator)
  if (joined === '') throw emptyData(path, `${texts.length} documents without any text`)
  return joined
}

function textOfLine(line: string, field: string, path: string): string {
  const value = parseLine(line, path)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badLine(path, 'an object', nameOf(value))
  if (!Object.hasOwn(value, field)) throw badLine(path, `a field "${field}"`, `the fields ${nameKeys(value)}`)
  const text = (value as Record<string, unknown>)[field]
  if (typeof text !== 'string') throw badLine(`${path}: ${field}`, 'a string', nameOf(text))
  if (!text.isWellFormed()) throw badLine(`${path}: ${field}`, 'well-formed Unicode', 'half of a surrogate pair')
  return text
}

function parseLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw badLine(path, 'one JSON object a line', cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const nameKeys = (value: object): string => Object.keys(value).slice(0, 8).join(', ') || '(none)'

const nameOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`

const badLine = (path: string, expected: string, found: string, cause?: unknown): InputError =>
  new InputError('BadJsonl', 'A line of the JSONL file cannot be used.', {
    path,
    expected,
    found,
    fix: 'Mend or remove the line, or name the field that holds the text.',
    cause,
  })
