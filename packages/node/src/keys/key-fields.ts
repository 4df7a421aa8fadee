/** What a key file must hold, field by field, so that a damaged one can be told what is wrong with it. */
import { IV_SIZE_BYTES, SALT_SIZE_BYTES, TAG_SIZE_BYTES } from './encryption.ts'
import { SECRET_SIZE_BYTES } from './node-key.ts'

export const FORMAT = 'cairn/key/v1'

/** The fields of a key file; those of its `crypto` object stand beside the others. */
export interface KeyFields {
  readonly format: string
  readonly address: string
  readonly peerKey: string
  readonly kdf: string
  readonly n: number
  readonly r: number
  readonly p: number
  readonly cipher: string
  readonly salt: string
  readonly iv: string
  readonly tag: string
  readonly ciphertext: string
  readonly checksum: string
}

interface Rule {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

const matching = (pattern: RegExp, expected: string): Rule => ({
  expected,
  accepts: value => typeof value === 'string' && pattern.test(value),
})

const exactly = (text: string): Rule => ({ expected: JSON.stringify(text), accepts: value => value === text })

const hex = (sizeBytes: number): Rule =>
  matching(new RegExp(`^[0-9a-f]{${2 * sizeBytes}}$`), `${2 * sizeBytes} hex digits`)

const integer = (low: number, high: number): Rule => ({
  expected: `a whole number from ${low} to ${high}`,
  accepts: value => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
})

/** SAFETY: bounded, so that a file cannot ask for more than 1 GiB of memory. */
const costN: Rule = {
  expected: 'a power of two from 2^12 to 2^20',
  accepts: value => Number.isInteger(Math.log2(value as number)) && integer(2 ** 12, 2 ** 20).accepts(value),
}

const TOP: Readonly<Record<string, Rule>> = {
  format: exactly(FORMAT),
  address: matching(/^0x[0-9a-fA-F]{40}$/, '0x and 40 hex digits'),
  peerKey: hex(32),
  checksum: hex(32),
}

const CRYPTO: Readonly<Record<string, Rule>> = {
  kdf: exactly('scrypt'),
  n: costN,
  r: integer(1, 8),
  p: integer(1, 16),
  cipher: exactly('aes-256-gcm'),
  salt: hex(SALT_SIZE_BYTES),
  iv: hex(IV_SIZE_BYTES),
  tag: hex(TAG_SIZE_BYTES),
  ciphertext: hex(2 * SECRET_SIZE_BYTES),
}

export type KeyFieldsCheck =
  | { readonly ok: true; readonly fields: KeyFields }
  | { readonly ok: false; readonly expected: string; readonly found: string }

type Dictionary = Readonly<Record<string, unknown>>

const isDictionary = (value: unknown): value is Dictionary =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 80)

/** Finds the first field that is not as it should be. */
function problemIn(
  rules: Readonly<Record<string, Rule>>,
  values: Dictionary,
  prefix: string,
): KeyFieldsCheck | undefined {
  for (const [name, { expected, accepts }] of Object.entries(rules)) {
    const value = values[name]
    if (!accepts(value)) return { ok: false, expected: `${prefix}${name}: ${expected}`, found: shown(value) }
  }
  return undefined
}

const pick = (rules: Readonly<Record<string, Rule>>, values: Dictionary): Dictionary =>
  Object.fromEntries(Object.keys(rules).map(name => [name, values[name]]))

/** Checks a parsed key file. Fields that nobody knows are ignored. */
export function checkKeyFields(document: unknown): KeyFieldsCheck {
  if (!isDictionary(document)) return { ok: false, expected: 'an object', found: shown(document) }
  const top = problemIn(TOP, document, '')
  if (top !== undefined) return top
  const { crypto } = document
  if (!isDictionary(crypto)) return { ok: false, expected: 'crypto: an object', found: shown(crypto) }
  const fields = { ...pick(TOP, document), ...pick(CRYPTO, crypto) } as unknown as KeyFields
  return problemIn(CRYPTO, crypto, 'crypto.') ?? { ok: true, fields }
}
