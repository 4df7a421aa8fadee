import { encodeHex } from '@cairn/primitives'
import { expect, test } from 'vitest'
import type { Cost } from './encryption.ts'
import { exportKey, importKey } from './import-export.ts'
import { createKey, type NodeKey } from './node-key.ts'

/** The least that a key file may ask for: tests open many. */
const QUICK: Cost = { n: 2 ** 12, r: 1, p: 1 }

const secretsOf = (key: NodeKey) => [key.address, key.peerKey, key.evmPrivateKey(), encodeHex(key.peerSeed())]

test('an imported private key keeps its address and gets a peer key of its own', async () => {
  const raw = `0x${'0123456789abcdef'.repeat(4)}`
  const [a, b] = await Promise.all([importKey(`${raw}\n`), importKey(raw.toUpperCase().replace('0X', '0x'))])
  expect(a.evmPrivateKey()).toBe(raw)
  expect(a.address).toBe(b.address)
  expect(a.peerKey).not.toBe(b.peerKey)
})

test.each(['0x12', 'ab'.repeat(32), `0x${'zz'.repeat(32)}`, ''])(
  '%s is no key, and is refused without being repeated',
  async text => {
    const error = await importKey(text).catch(thrown => thrown)
    expect(error).toMatchObject({ code: 'BadPrivateKey', found: `${text.length} characters` })
    if (text !== '') expect(JSON.stringify(error) + error.stack).not.toContain(text)
  },
)

test('a key goes through an export under another passphrase unchanged', async () => {
  const key = createKey()
  const text = await exportKey(key, { passphrase: 'for the safe', cost: QUICK })
  expect(secretsOf(await importKey(text, 'for the safe'))).toEqual(secretsOf(key))
  await expect(importKey(text, 'correct horse')).rejects.toMatchObject({ code: 'WrongPassphrase' })
  expect(await exportKey(key, { raw: true })).toBe(key.evmPrivateKey())
})
