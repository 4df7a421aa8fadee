/** What `cairn key` does. SAFETY: a secret comes from a file or from standard input, never from an argument. */

import { dirname } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { createWhole, makeDirectory, readWhole } from '@cairn/node/files'
import {
  createKey,
  exportKey,
  importKey,
  type NodeKey,
  type PublicKeys,
  readPublicKeys,
  writeKey,
} from '@cairn/node/keys'
import { encodeUtf8, InputError } from '@cairn/primitives'
import { type KeyOptions, keyPath } from './key-place.ts'
import { unlockKey } from './open-chain.ts'
import { newPassphrase, passphraseOf } from './passphrases.ts'

export interface StoredKey extends PublicKeys {
  readonly path: string
}

async function store(key: NodeKey, options: KeyOptions): Promise<StoredKey> {
  const path = keyPath(options)
  await writeKey(path, key, await newPassphrase({ path, file: options.passphraseFile }))
  return { path, ...key.toJSON() }
}

/** Makes a key and its file. */
export const createKeyFile = (options: KeyOptions): Promise<StoredKey> => store(createKey(), options)

/** Reads whose key a file holds. */
export async function showKey(options: KeyOptions): Promise<StoredKey> {
  const path = keyPath(options)
  return { path, ...(await readPublicKeys(path)) }
}

export interface ImportOptions extends KeyOptions {
  readonly oldPassphraseFile?: string
}

/** SAFETY: the error does not repeat it. */
function refuseSecret(source: string): void {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(source)) return
  throw new InputError(
    'KeyInArgument',
    'This is a private key itself, which others on this machine can now have read.',
    {
      path: 'SOURCE',
      expected: 'the name of a file that holds it, or - for standard input',
      found: 'a private key',
      fix: 'Take it out of the history of your shell; if others use this machine, move what it holds to another key.',
    },
  )
}

async function readSource(source: string): Promise<string> {
  if (source === '-') return readAll(process.stdin)
  return new TextDecoder().decode(await readWhole(source, 'Name a file that holds a key, or - for standard input.'))
}

/** Takes over a key from elsewhere: a bare EVM private key, or a key file with its passphrase. */
export async function importKeyFile(source: string, options: ImportOptions): Promise<StoredKey> {
  refuseSecret(source)
  const text = await readSource(source)
  const isSealed = text.trim().startsWith('{')
  const old = isSealed ? await passphraseOf({ path: source, file: options.oldPassphraseFile }) : ''
  return store(await importKey(text, old, source === '-' ? undefined : source), options)
}

export interface ExportOptions extends KeyOptions {
  readonly to: string
  readonly raw: boolean
  readonly newPassphraseFile?: string
}

const OWNER_ONLY = 0o600

/** Writes a key for use elsewhere into a file that only its owner can read. */
export async function exportKeyFile(options: ExportOptions): Promise<StoredKey> {
  const { to: path, raw, newPassphraseFile: file } = options
  const key = await unlockKey(options)
  const text = await exportKey(key, raw ? { raw } : { passphrase: await newPassphrase({ path, file }) })
  await makeDirectory(dirname(path))
  if (await createWhole(path, encodeUtf8(`${text.trimEnd()}\n`), OWNER_ONLY)) return { path, ...key.toJSON() }
  throw new InputError('FileExists', 'A file of this name exists already.', {
    path,
    expected: 'a name that no file has',
    found: 'a file',
    fix: 'Choose another --to.',
  })
}
