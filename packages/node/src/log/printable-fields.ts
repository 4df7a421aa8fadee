/**
 * Turns what a part of the node hands to the log into plain values that JSON can hold, in bounded size, without secrets:
 * a field is a secret when its name says so, however deep it lies.
 */
import { CairnError, encodeHex } from '@cairn/primitives'
import type { LogFields } from './logger.ts'

export const HIDDEN = '[hidden]'

/** Names of secrets, whatever stands before them (`evmPrivateKey`, `RPC_PASSWORD`) and however they are written. */
const SECRET =
  /(passphrase|password|secrets?|privatekey|mnemonic|seedphrase|peerseed|apikey|accesstoken|authorization|cookie)$/

const isSecret = (name: string): boolean => SECRET.test(name.toLowerCase().replace(/[^a-z]/g, ''))

/** Deeper than that, or longer, is more than a line of a log is for. */
const DEPTH = 6
const ITEMS = 50
const BYTES = 64
const CHARACTERS = 2000

const shortText = (text: string): string =>
  text.length <= CHARACTERS ? text : `${text.slice(0, CHARACTERS)}... (${text.length} characters)`

const shortBytes = (bytes: Uint8Array): string =>
  bytes.length <= BYTES ? encodeHex(bytes) : `${encodeHex(bytes.subarray(0, BYTES))}... (${bytes.length} bytes)`

/** An error of Cairn says all in its fields; of any other, the stack is what helps. */
function errorFields(error: Error): LogFields {
  const { name, message, cause } = error
  const more = cause === undefined ? {} : { cause }
  if (!(error instanceof CairnError)) return { name, message, stack: error.stack, ...more }
  const { code, path, expected, found, fix } = error
  return { name, code, message, path, expected, found, fix, ...more }
}

function printableObject(value: object, depth: number): unknown {
  if (value instanceof Uint8Array) return shortBytes(value)
  if (value instanceof Error) return printableFields(errorFields(value), depth)
  if ('toJSON' in value && typeof value.toJSON === 'function') return printable(value.toJSON(), depth)
  if (value instanceof Map) return printableFields(Object.fromEntries(value), depth)
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, ITEMS).map(item => printable(item, depth + 1))
  }
  return printableFields(value as LogFields, depth)
}

function printable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shortText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  return depth > DEPTH ? '[deeper]' : printableObject(value, depth)
}

/** Copies fields as plain values, each secret hidden. */
export function printableFields(fields: LogFields, depth = 0): LogFields {
  const entries = Object.entries(fields).slice(0, ITEMS)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSecret(name) ? HIDDEN : printable(value, depth + 1)]),
  )
}
