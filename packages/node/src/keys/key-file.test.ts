import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHex, InputError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import type { Cost } from './encryption.ts'
import { exportKey, importKey } from './import-export.ts'
import { encodeKey } from './key-document.ts'
import { readKey, readPublicKeys, writeKey } from './key-file.ts'
import { createKey, type NodeKey } from './node-key.ts'
import { findPassphrase } from './passphrase.ts'

/** The least that a key file may ask for: tests open many. */
const QUICK: Cost = { n: 2 ** 12, r: 1, p: 1 }

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))
const secretsOf = (key: NodeKey) => [key.address, key.peerKey, key.evmPrivateKey(), encodeHex(key.peerSeed())]
const modeOf = (path: string) => statSync(path).mode & 0o777

async function written(key: NodeKey = createKey()): Promise<{ key: NodeKey; path: string; text: string }> {
  const path = join(fresh(), 'keys', 'node.json')
  await writeKey(path, key, 'correct horse', QUICK)
  return { key, path, text: readFileSync(path, 'utf8') }
}

test('a key file gives back the key, to its owner alone', async () => {
  const { key, path } = await written()
  expect(secretsOf(await readKey(path, 'correct horse'))).toEqual(secretsOf(key))
  expect(await readPublicKeys(path)).toEqual({ address: key.address, peerKey: key.peerKey })
  expect([modeOf(path), modeOf(join(path, '..'))]).toEqual([0o600, 0o700])
})

test('a key file has the form that others expect, and no secret in the clear', async () => {
  const { key, text } = await written()
  const hex = expect.stringMatching(/^[0-9a-f]+$/)
  const crypto = { kdf: 'scrypt', ...QUICK, salt: hex, cipher: 'aes-256-gcm', iv: hex, tag: hex, ciphertext: hex }
  const { address, peerKey } = key
  expect(JSON.parse(text)).toEqual({ format: 'cairn/key/v1', address, peerKey, crypto, checksum: hex })
  for (const secret of [key.evmPrivateKey().slice(2), encodeHex(key.peerSeed())]) expect(text).not.toContain(secret)
})

test('a key file costs a guesser 128 MiB unless somebody says otherwise', async () => {
  const { crypto } = JSON.parse(await encodeKey(createKey(), 'x'))
  expect(crypto).toMatchObject({ n: 131_072, r: 8, p: 1 })
})

test('a key file is never overwritten, and leaves nothing beside it', async () => {
  const { path, text } = await written()
  const again = writeKey(path, createKey(), 'another', QUICK)
  await expect(again).rejects.toMatchObject({ code: 'KeyExists', path })
  expect(readFileSync(path, 'utf8')).toBe(text)
  expect(readdirSync(join(path, '..'))).toEqual(['node.json'])
})

test.each([0o640, 0o604, 0o644, 0o660])('a key file of mode %o is refused', async mode => {
  const { path } = await written()
  chmodSync(path, mode)
  const refused = {
    code: 'KeyFileExposed',
    found: `mode 0${mode.toString(8)}`,
    fix: expect.stringContaining(`chmod 600 ${path}`),
  }
  await expect(readKey(path, 'correct horse')).rejects.toMatchObject(refused)
  await expect(readPublicKeys(path)).rejects.toMatchObject(refused)
})

test('a key file is not opened by another passphrase; the same one in another Unicode form opens it', async () => {
  const { path, key } = await written()
  const wrong = readKey(path, 'correct house')
  await expect(wrong).rejects.toBeInstanceOf(InputError)
  await expect(wrong).rejects.toMatchObject({ code: 'WrongPassphrase', path })
  const accented = await exportKey(key, { passphrase: 'caf\u00e9', cost: QUICK })
  expect((await importKey(accented, 'cafe\u0301')).address).toBe(key.address)
})

test('a key file that is missing, a directory or far too long says so', async () => {
  const { path } = await written()
  await expect(readKey(`${path}.old`, 'x')).rejects.toMatchObject({ code: 'MissingFile' })
  await expect(readKey(join(path, '..'), 'x')).rejects.toMatchObject({ code: 'NotReadable', found: 'a directory' })
  const long = `${path}.long`
  writeFileSync(long, 'x'.repeat(100_000), { mode: 0o600 })
  await expect(readKey(long, 'x')).rejects.toMatchObject({ code: 'CorruptKeyFile', found: '97.7 KiB' })
})

test('a key is not written under an empty passphrase', async () => {
  const path = join(fresh(), 'key.json')
  await expect(writeKey(path, createKey(), '', QUICK)).rejects.toMatchObject({ code: 'EmptyPassphrase' })
  expect(existsSync(path)).toBe(false)
})

test('a passphrase is what was given, else what a file says, else what the environment says', async () => {
  const file = join(fresh(), 'passphrase')
  writeFileSync(file, ' from a file \r\n')
  const environment = { CAIRN_PASSPHRASE: 'from the environment' }
  expect(await findPassphrase({ given: 'typed', file, environment })).toBe('typed')
  expect(await findPassphrase({ file, environment })).toBe(' from a file ')
  expect(await findPassphrase({ environment })).toBe('from the environment')
  expect(await findPassphrase({ environment: {} })).toBe(undefined)
  await expect(findPassphrase({ file: `${file}.old`, environment })).rejects.toMatchObject({ code: 'MissingFile' })
})
