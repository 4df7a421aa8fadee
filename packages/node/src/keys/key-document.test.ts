import { expect, test } from 'vitest'
import type { Cost } from './encryption.ts'
import { exportKey, importKey } from './import-export.ts'
import { createKey } from './node-key.ts'

/** The least that a key file may ask for: tests open many. */
const QUICK: Cost = { n: 2 ** 12, r: 1, p: 1 }

const exported = () => exportKey(createKey(), { passphrase: 'correct horse', cost: QUICK })

const refused = (text: string) => importKey(text, 'correct horse', 'a/file')

test('a damaged key file is told from a wrong passphrase, whichever character changed', async () => {
  const text = await exported()
  for (let at = 1; at < text.length; at++) {
    const changed = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)
    await expect(refused(changed), changed).rejects.toMatchObject({ code: 'CorruptKeyFile', path: 'a/file' })
  }
})

test('a key file that was cut short anywhere is refused', async () => {
  const text = await exported()
  for (let length = 1; length < text.length - 1; length++) {
    await expect(refused(text.slice(0, length))).rejects.toMatchObject({ code: 'CorruptKeyFile' })
  }
})

test.each<[string, { format?: string; address?: undefined; crypto?: object }, string, string]>([
  ['format', { format: 'cairn/key/v9' }, 'format: "cairn/key/v1"', '"cairn/key/v9"'],
  ['address', { address: undefined }, 'address: 0x and 40 hex digits', 'nothing'],
  ['crypto', { crypto: [] }, 'crypto: an object', '[]'],
  ['salt', { crypto: { salt: 'ab' } }, 'crypto.salt: 64 hex digits', '"ab"'],
  ['cost', { crypto: { n: 2 ** 30 } }, 'crypto.n: a power of two from 2^12 to 2^20', '1073741824'],
])('a damaged key file names the field that is wrong: %s', async (_, change, expected, found) => {
  const document = JSON.parse(await exported())
  const crypto = Array.isArray(change.crypto) ? change.crypto : { ...document.crypto, ...change.crypto }
  const changed = JSON.stringify({ ...document, ...change, crypto })
  await expect(refused(changed)).rejects.toMatchObject({ code: 'CorruptKeyFile', expected, found })
})

test('a key file whose address was changed on purpose is found out', async () => {
  const document = { ...JSON.parse(await exported()), address: createKey().address }
  const { found } = await importKey(JSON.stringify(document), 'correct horse').catch(error => error)
  const refused = importKey(JSON.stringify({ ...document, checksum: found }), 'correct horse')
  await expect(refused).rejects.toMatchObject({ code: 'CorruptKeyFile', found: document.address })
})
