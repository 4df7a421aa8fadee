/**
 * The keys of a local network: made once, each with a random passphrase beside it, so that nobody is asked for anything.
 * They hold play money; the two files together are as good as a key in the clear, and only their owner can read them.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createWhole } from '@cairn/node/files'
import { type Cost, createKey, type PublicKeys, readPublicKeys, writeKey } from '@cairn/node/keys'
import { encodeUtf8 } from '@cairn/primitives'
import { keyIn } from '../key-place.ts'
import { passphraseBeside } from '../passphrases.ts'

/** A passphrase of 256 random bits needs no slowing down; the least that a key file may have. */
const COST: Cost = { n: 2 ** 12, r: 8, p: 1 }
const OWNER_ONLY = 0o600

/** The public halves of keys, by name. */
export type Accounts = Readonly<Record<string, PublicKeys>>

async function localKey(directory: string, name: string): Promise<PublicKeys> {
  const path = keyIn(directory, name)
  if (existsSync(path)) return readPublicKeys(path)
  const passphrase = randomBytes(32).toString('hex')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // The passphrase first: a key without one would be lost, a passphrase without a key is used by nobody.
  const beside = passphraseBeside(path)
  await rm(beside, { force: true })
  await createWhole(beside, encodeUtf8(`${passphrase}\n`), OWNER_ONLY)
  const key = createKey()
  await writeKey(path, key, passphrase, COST)
  return key.toJSON()
}

/** Returns keys of a network; those that are missing are made. Throws `InputError` (`CorruptKeyFile`, `KeyFileExposed`). */
export const localKeys = async (directory: string, names: readonly string[]): Promise<Accounts> =>
  Object.fromEntries(await Promise.all(names.map(async name => [name, await localKey(directory, name)] as const)))
