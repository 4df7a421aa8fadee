import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeUtf8, equal } from './bytes.ts'
import { hashFromHex, hashToHex, sha256, toHash, toHashHex } from './hash.ts'

const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

describe('sha256', () => {
  test('gives the published digests of FIPS 180-4', () => {
    expect(hashToHex(sha256(encodeUtf8('abc')))).toBe(ABC)
    expect(hashToHex(sha256())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  test('hashes parts as if they were joined, and agrees with the native hash', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), parts => {
        const native = createHash('sha256')
        for (const part of parts) native.update(part)
        return equal(sha256(...parts), native.digest())
      }),
    )
  })
})

describe('hash text', () => {
  test('round-trips through hex', () => {
    expect(hashToHex(hashFromHex(ABC))).toBe(ABC)
    expect(toHashHex(ABC)).toBe(ABC)
  })

  test.each([ABC.slice(1), `${ABC}0`, ABC.toUpperCase(), ` ${ABC.slice(1)}`, `${ABC}\n`])('refuses %j', text => {
    expect(() => toHashHex(text)).toThrow(expect.objectContaining({ code: 'BadHash' }))
    expect(() => hashFromHex(text)).toThrow(expect.objectContaining({ code: 'BadHash' }))
  })

  test('brands exactly 32 bytes', () => {
    expect(toHash(new Uint8Array(32))).toHaveLength(32)
    expect(() => toHash(new Uint8Array(31))).toThrow(expect.objectContaining({ found: '31 bytes' }))
  })
})
