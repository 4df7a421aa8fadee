/**
 * The two keys of a node (docs/decisions/0004): secp256k1, whose address holds money and registers, and Ed25519, which
 * is the node's name among peers and signs its messages.
 *
 * SAFETY: the secrets live in a closure. Printing, logging, spreading or serialising the object shows the public half
 * only, and posting it to another thread fails; a secret is had by asking for it by name.
 */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { encodeHex, InputError } from '@cairn/primitives'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'

export type EvmAddress = `0x${string}`
export type EvmPrivateKey = `0x${string}`

/** What may be shown to anybody. */
export interface PublicKeys {
  /** EVM address, with the checksum in its capitals. */
  readonly address: EvmAddress
  /** Ed25519 public key, 64 hex digits. */
  readonly peerKey: string
}

export interface NodeKey extends PublicKeys {
  /** SAFETY: a secret. Never put it into an object that lives longer than the call it is for. */
  evmPrivateKey(): EvmPrivateKey
  /** SAFETY: a secret, as a copy of 32 bytes. */
  peerSeed(): Uint8Array
  toJSON(): PublicKeys
}

export const SECRET_SIZE_BYTES = 32

/** What stands before an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

function publicKeyOf(peerSeed: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, peerSeed]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(x as string, 'base64url').toString('hex')
}

/** Derives an address. SAFETY: what the library throws is not passed on, since it may quote the key. */
function addressOf(evmPrivateKey: EvmPrivateKey): EvmAddress {
  try {
    return privateKeyToAddress(evmPrivateKey)
  } catch {
    throw new InputError('BadPrivateKey', 'This number cannot be a private key.', {
      expected: 'a number from 1 to the order of secp256k1',
      found: 'a number outside',
      fix: 'Copy the whole private key again.',
    })
  }
}

/** Puts two secrets of 32 bytes behind a node's public keys. Throws `InputError` (`BadPrivateKey`). */
export function nodeKey(evmSecret: Uint8Array, peerSecret: Uint8Array): NodeKey {
  const evmPrivateKey: EvmPrivateKey = `0x${encodeHex(evmSecret)}`
  const peerSeed = Uint8Array.from(peerSecret)
  const shown: PublicKeys = Object.freeze({ address: addressOf(evmPrivateKey), peerKey: publicKeyOf(peerSeed) })
  return Object.freeze({
    ...shown,
    evmPrivateKey: () => evmPrivateKey,
    peerSeed: () => Uint8Array.from(peerSeed),
    toJSON: () => shown,
    toString: () => `key of ${shown.address}`,
    [inspect.custom]: () => shown,
  })
}

/** Makes a key from the system's randomness. */
export function createKey(): NodeKey {
  const evmSecret = Buffer.from(generatePrivateKey().slice(2), 'hex')
  return nodeKey(evmSecret, randomBytes(SECRET_SIZE_BYTES))
}
