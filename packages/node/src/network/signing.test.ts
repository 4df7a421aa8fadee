import { encodeHex } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { libp2pKeyOf, peerIdOf, peerOf, signerOf, verifySignature } from './signing.ts'
import { testSeed } from './testing/test-host.ts'

/** RFC 8032, section 7.1, test 2. */
const SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
const PUBLIC_KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'
const SIGNATURE =
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

describe('signing', () => {
  test('is Ed25519 of RFC 8032', () => {
    const signer = signerOf(bytesOf(SEED))
    expect(signer.peer).toBe(PUBLIC_KEY)
    expect(encodeHex(signer.sign(Uint8Array.of(0x72)))).toBe(SIGNATURE)
    expect(verifySignature(bytesOf(PUBLIC_KEY), Uint8Array.of(0x72), bytesOf(SIGNATURE))).toBe(true)
  })

  test('says no to every other signature, key or statement, and never throws', () => {
    const signer = signerOf(testSeed(1))
    const statement = Uint8Array.of(1, 2, 3)
    const signature = signer.sign(statement)
    expect(verifySignature(signer.publicKey, statement, signature)).toBe(true)
    expect(verifySignature(signer.publicKey, Uint8Array.of(1, 2, 4), signature)).toBe(false)
    expect(verifySignature(signerOf(testSeed(2)).publicKey, statement, signature)).toBe(false)
    expect(verifySignature(signer.publicKey, statement, signature.subarray(1))).toBe(false)
    for (const key of [0, 31, 33].map(size => new Uint8Array(size)).concat(new Uint8Array(32).fill(255)))
      expect(verifySignature(key, statement, signature)).toBe(false)
  })

  test('uses the key that libp2p names the peer after', async () => {
    const signer = signerOf(testSeed(3))
    const { publicKey } = await libp2pKeyOf(testSeed(3))
    expect(encodeHex(publicKey.raw)).toBe(signer.peer)
    expect(peerOf(peerIdOf(signer.peer)!)).toBe(signer.peer)
    expect(peerOf(String(peerIdOf(signer.peer)))).toBe(signer.peer)
  })

  test('takes nothing else for a peer', () => {
    expect(peerIdOf('nonsense')).toBeUndefined()
    expect(peerIdOf('ab')).toBeUndefined()
    expect(peerOf('nonsense')).toBeUndefined()
    expect(() => signerOf(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'BadSeed' }))
  })
})
