/**
 * Turns what a part of the node hands to the log into plain values that JSON can hold, in bounded size, without secrets:
 * a field is a secret when its name says so, however deep it lies.
 */
import { CairnError, encodeHex } from '@cairn/primitives'
import type { LogFields } from './logger.ts'

export const HIDDEN = '[hidden]'

/** What names of secrets have in them, however they are written: `evmPrivateKey`, `RPC_PASSWORD`. */
const SECRET =
  /passphrase|password|secret|privatekey|mnemonic|seedphrase|peerseed|apikey|accesstoken|authorization|cookie/

const isSecret = (name: string): boolean => SECRET.test(name.toLowerCase().replace(/[^a-z]/g, ''))

/** `https://name:password@host` without what is before the host. */
const withoutCredentials = (text: string): string => text.replace(/:\/\/[^/\s@]+@/g, `://${HIDDEN}@`)

const LONGEST = { text: 2000, bytes: 64, list: 50 }
/** A whole socket, handed over by mistake, is thousands of values. */
const MOST_VALUES = 200
const DEEPEST = 6

const shortText = (text: string): string =>
  text.length <= LONGEST.text ? text : `${text.slice(0, LONGEST.text)}... (${text.length} characters)`

const shortBytes = (bytes: Uint8Array): string =>
  bytes.length <= LONGEST.bytes
    ? encodeHex(bytes)
    : `${encodeHex(bytes.subarray(0, LONGEST.bytes))}... (${bytes.length} bytes)`

/** An error of Cairn says all in its fields; of any other, the stack is what helps. */
function errorFields(error: Error): LogFields {
  const { name, message, cause } = error
  const more = cause === undefined ? {} : { cause }
  if (!(error instanceof CairnError)) return { name, message, stack: error.stack, ...more }
  const { code, path, expected, found, fix } = error
  return { name, code, message, path, expected, found, fix, ...more }
}

/** Copies values, until there were too many or they lie too deep. */
function copier(): (fields: LogFields, depth: number) => LogFields {
  let left = MOST_VALUES

  function copyObject(value: object, depth: number): unknown {
    if (value instanceof Uint8Array) return shortBytes(value)
    if (value instanceof Error) return copyFields(errorFields(value), depth)
    if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON(), depth + 1)
    if (value instanceof Map) return copyFields(Object.fromEntries(value), depth)
    if (!Array.isArray(value) && !(value instanceof Set)) return copyFields(value as LogFields, depth)
    return [...value].slice(0, LONGEST.list).map(item => copy(item, depth))
  }

  function copy(value: unknown, depth: number): unknown {
    left -= 1
    if (left < 0) return '...'
    if (typeof value === 'string') return shortText(withoutCredentials(value))
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    return depth > DEEPEST ? '...' : copyObject(value, depth + 1)
  }

  function copyFields(fields: LogFields, depth: number): LogFields {
    const entries = Object.entries(fields).slice(0, LONGEST.list)
    return Object.fromEntries(entries.map(([name, value]) => [name, isSecret(name) ? HIDDEN : copy(value, depth)]))
  }

  return copyFields
}

/** What every line has of its own. */
const TAKEN = new Set(['level', 'time', 'msg'])

/** Copies the fields of a line as plain values, each secret hidden. */
export function printableFields(fields: LogFields): LogFields {
  const named = Object.entries(fields).map(([name, value]) => [TAKEN.has(name) ? `${name}_` : name, value])
  return copier()(Object.fromEntries(named), 0)
}
