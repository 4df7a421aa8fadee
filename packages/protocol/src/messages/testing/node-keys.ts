/** Ed25519 keys for tests, made from a number so that every run has the same. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { encodeHex, type Hash, type HashFunction } from '@cairn/primitives'
import type { MessageSigner } from '../seal.ts'
import type { VerifySignature } from '../statements.ts'

export const nativeSha256: HashFunction = (...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest()) as Hash
}

export interface TestKey extends MessageSigner {
  readonly seed: string
  readonly peer: string
}

/** SPEC: RFC 8410 wraps the 32 bytes of a seed or a public key in these. */
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export function testKey(number: number): TestKey {
  const seed = createHash('sha256').update(`cairn test key ${number}`).digest()
  const privateKey = createPrivateKey({ key: Buffer.concat([SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(der.subarray(PUBLIC_PREFIX.length))
  return {
    seed: seed.toString('hex'),
    peer: encodeHex(publicKey),
    publicKey,
    sign: bytes => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

const publicKeys = new Map<string, KeyObject>()

export const verifyEd25519: VerifySignature = (publicKey, statement, signature) => {
  try {
    const hex = encodeHex(publicKey)
    const spki = { key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' } as const
    const key = publicKeys.get(hex) ?? createPublicKey(spki)
    publicKeys.set(hex, key)
    return verify(null, statement, key, signature)
  } catch {
    return false
  }
}
