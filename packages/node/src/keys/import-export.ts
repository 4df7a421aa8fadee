/** Keys that come from elsewhere, and keys that go there. */
import { randomBytes } from 'node:crypto'
import { decodeHex, InputError } from '@cairn/primitives'
import type { Cost } from './encryption.ts'
import { decodeKey, encodeKey } from './key-document.ts'
import { type NodeKey, nodeKey, SECRET_SIZE_BYTES } from './node-key.ts'

/** How errors name a key document that did not come from a named file. */
const UNNAMED = 'the imported key'

/** SAFETY: says how long the text is, never what it is: it may be a key with a digit too few. */
const unusable = (text: string): InputError =>
  new InputError('BadPrivateKey', 'This is neither a private key nor an exported key file.', {
    expected: '0x and 64 hex digits, or the content of a key file',
    found: `${text.length} characters`,
    fix: 'Copy the whole key again.',
  })

/**
 * Takes over a key: an EVM private key (0x and 64 hex digits; a new peer key is made to go with it) or the text of an
 * exported key file with its passphrase. Throws `InputError` (`BadPrivateKey`, `CorruptKeyFile`, `WrongPassphrase`).
 */
export async function importKey(text: string, passphrase = '', path = UNNAMED): Promise<NodeKey> {
  const source = text.trim()
  if (source.startsWith('{')) return decodeKey(source, passphrase, path)
  if (!/^0x[0-9a-fA-F]{64}$/.test(source)) throw unusable(source)
  return nodeKey(decodeHex(source.slice(2)), randomBytes(SECRET_SIZE_BYTES))
}

export type ExportForm =
  /** A key file under this passphrase. */
  | { readonly passphrase: string; readonly cost?: Cost }
  /** SAFETY: the bare EVM private key, for wallets that take nothing else. Only where a person asked for it by name. */
  | { readonly raw: true }

/** Writes a key for use elsewhere. Throws `InputError` (`EmptyPassphrase`). */
export async function exportKey(key: NodeKey, form: ExportForm): Promise<string> {
  return 'raw' in form ? key.evmPrivateKey() : encodeKey(key, form.passphrase, form.cost)
}
