import { inspect } from 'node:util'
import { decodeHex, encodeHex, equal } from '@cairn/primitives'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createKey, nodeKey } from './node-key.ts'

/** The first account of every development chain. */
const EVM = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
/** RFC 8032, section 7.1, test 1. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const PEER = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

const known = () => nodeKey(decodeHex(EVM), decodeHex(SEED))

test('public keys are those that everybody else derives', async () => {
  expect(known()).toMatchObject({ address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', peerKey: PEER })
  expect(known().evmPrivateKey()).toBe(`0x${EVM}`)
  const { publicKey } = await generateKeyPairFromSeed('Ed25519', known().peerSeed())
  expect(encodeHex(publicKey.raw)).toBe(PEER)
})

test('two keys that are made differ in both halves', () => {
  const [a, b] = [createKey(), createKey()]
  expect(a.evmPrivateKey()).not.toBe(b.evmPrivateKey())
  expect(equal(a.peerSeed(), b.peerSeed())).toBe(false)
})

/** Everything that a program prints by accident. */
const LEAKS: Readonly<Record<string, (value: object) => string>> = {
  'JSON.stringify': value => JSON.stringify({ value, list: [value] }),
  'console.log': value => inspect({ value }, { showHidden: true, depth: Infinity, showProxy: true, getters: true }),
  'a template': value => `${value} ${[value]}`,
  'a copy': value => JSON.stringify({ ...value }) + inspect({ ...value }, { showHidden: true, depth: Infinity }),
  'an error': value => inspect(new Error('x', { cause: value }), { showHidden: true, depth: Infinity }),
  'a logger'(value) {
    let line = ''
    pino({}, { write: text => (line += text) }).info({ value, ...value }, '%o %s', value, value)
    return line
  },
}

test.each(Object.entries(LEAKS))('secrets do not reach %s', (_, print) => {
  const printed = print(known())
  const seed = decodeHex(SEED)
  const forms = [
    EVM,
    SEED,
    Buffer.from(seed).toString('base64'),
    seed.subarray(0, 4).join(','),
    seed.subarray(0, 4).join(', '),
  ]
  for (const secret of forms) expect(printed.toLowerCase()).not.toContain(secret.toLowerCase())
  expect(printed).toContain('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
})

test('a key cannot be posted to another thread', () => {
  expect(() => structuredClone(known())).toThrow()
})

test('a seed that was handed out may be wiped', () => {
  const key = known()
  key.peerSeed().fill(0)
  expect(encodeHex(key.peerSeed())).toBe(SEED)
})

test.each(['00'.repeat(32), 'ff'.repeat(32)])(
  'a number that is no private key is refused without being shown',
  secret => {
    const make = () => nodeKey(decodeHex(secret), decodeHex(SEED))
    expect(make).toThrow(expect.objectContaining({ code: 'BadPrivateKey' }))
    expect(make).not.toThrow(expect.objectContaining({ cause: expect.anything() }))
  },
)
