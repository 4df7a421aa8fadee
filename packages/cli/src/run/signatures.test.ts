import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifySignature } from './signatures.ts'

test('tells a good signature from a bad one, and never throws', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'))
  const statement = Uint8Array.of(1, 2, 3)
  const signature = new Uint8Array(sign(null, statement, privateKey))
  expect(verifySignature(key, statement, signature)).toBe(true)
  expect(verifySignature(key, Uint8Array.of(1, 2, 4), signature)).toBe(false)
  expect(verifySignature(key, statement, signature.slice(1))).toBe(false)
  expect(verifySignature(new Uint8Array(32).fill(255), statement, signature)).toBe(false)
  expect(verifySignature(new Uint8Array(3), statement, signature)).toBe(false)
})
