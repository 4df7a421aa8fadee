/** Key files on disk: only their owner may read them, and none is ever overwritten. */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { encodeUtf8, InputError } from '@cairn/primitives'
import { formatBytes } from '../files/format-bytes.ts'
import { readError, writeError } from '../files/io-errors.ts'
import { createWhole } from '../files/read-write.ts'
import type { Cost } from './encryption.ts'
import { corruptKey, decodeKey, decodePublicKeys, encodeKey } from './key-document.ts'
import type { NodeKey, PublicKeys } from './node-key.ts'

const OWNER_ONLY = 0o600
const DIRECTORY_OF_OWNER = 0o700
/** The bits that let a file's group or everybody else read, write or run it. */
const OF_OTHERS = 0o077

/** Far more than a key file takes; what is longer is something else. */
const LONGEST_BYTES = 2 ** 16

/**
 * Writes a key file that only its owner can read; directories that are made for it are closed to others as well. Throws
 * `InputError` (`KeyExists`, `EmptyPassphrase`) and `ResourceError`.
 */
export async function writeKey(path: string, key: NodeKey, passphrase: string, cost?: Cost): Promise<void> {
  const bytes = encodeUtf8(await encodeKey(key, passphrase, cost))
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: DIRECTORY_OF_OWNER }).catch((cause: unknown) => {
    throw writeError(directory, 0, cause)
  })
  if (await createWhole(path, bytes, OWNER_ONLY)) return
  throw new InputError('KeyExists', 'There is a key file already; it was not touched.', {
    path,
    expected: 'a name that no file has',
    found: 'a file',
    fix: 'Choose another name, or move the old key away first. What it earned can only be withdrawn with it.',
  })
}

/** Windows has no such bits: there the file is as private as the directory it is in. */
function assertPrivate(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & OF_OTHERS) === 0) return
  throw new InputError('KeyFileExposed', 'Others on this machine can open this key file.', {
    path,
    expected: 'a file that only its owner may read (mode 0600)',
    found: `mode 0${(mode & 0o777).toString(8)}`,
    fix: `Run \`chmod 600 ${path}\`. If somebody else may have read it, make a new key.`,
  })
}

const NO_KEY = 'Name a key file, or make a key first.'

/** Reads the text of a key file that is private and not absurdly long. */
async function readPrivate(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw readError(path, cause, NO_KEY)
  })
  try {
    const { mode, size } = await file.stat()
    assertPrivate(path, mode)
    if (size > LONGEST_BYTES) throw corruptKey(path, 'a key file, of less than 1 KiB', formatBytes(size))
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    throw readError(path, cause, NO_KEY)
  } finally {
    await file.close()
  }
}

/** Reads a key. Throws `InputError` (`MissingFile`, `KeyFileExposed`, `CorruptKeyFile`, `WrongPassphrase`). */
export async function readKey(path: string, passphrase: string): Promise<NodeKey> {
  return decodeKey(await readPrivate(path), passphrase, path)
}

/** Reads whose key a file holds, which needs no passphrase. Throws `InputError` as `readKey` does. */
export async function readPublicKeys(path: string): Promise<PublicKeys> {
  return decodePublicKeys(await readPrivate(path), path)
}
