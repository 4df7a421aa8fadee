/**
 * Ed25519 by Node's own library: signing messages, checking those of others. A peer is named by its public key in hex
 * everywhere but inside libp2p, whose peer id is the same key in another form.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { decodeHex, encodeHex, InputError } from '@cairn/primitives'
import type { MessageSigner, VerifySignature } from '@cairn/protocol'
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'

/** SPEC: RFC 8410 puts these in front of the 32 bytes of a seed (PKCS #8) and of a public key (SPKI). */
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_SIZE_BYTES = 32

/** PERF: making a key object takes a third of the time that verifying does. */
const MAX_CACHED_KEYS = 1000
const publicKeys = new Map<string, KeyObject>()

export interface Signer extends MessageSigner {
  /** The public key in hex. */
  readonly peer: string
}

/** Makes the signer of a node from its 32-byte seed. Throws `InputError` (`BadSeed`). */
export function signerOf(seed: Uint8Array): Signer {
  const privateKey = createPrivateKey({
    key: Buffer.concat([SEED_PREFIX, checkedSeed(seed)]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(spki.subarray(PUBLIC_KEY_PREFIX.length))
  return { publicKey, peer: encodeHex(publicKey), sign: bytes => new Uint8Array(sign(null, bytes, privateKey)) }
}

/** Checks a signature. False on anything malformed, such as a key that is no point of the curve. */
export const verifySignature: VerifySignature = (publicKey, statement, signature) => {
  try {
    return signature.length === 64 && verify(null, statement, keyObject(publicKey), signature)
  } catch {
    return false
  }
}

/** Makes the private key that libp2p wants. */
export const libp2pKeyOf = (seed: Uint8Array): Promise<PrivateKey> =>
  generateKeyPairFromSeed('Ed25519', checkedSeed(seed))

/** Returns libp2p's peer id of a peer; undefined when the text is no public key. */
export function peerIdOf(peer: string): PeerId | undefined {
  try {
    return peerIdFromPublicKey(publicKeyFromRaw(decodeHex(peer)))
  } catch {
    return undefined
  }
}

/** Returns the peer that a peer id names; undefined for ids of other kinds of keys. */
export function peerOf(peerId: PeerId | string): string | undefined {
  try {
    const id = typeof peerId === 'string' ? peerIdFromString(peerId) : peerId
    return id.type === 'Ed25519' ? encodeHex(id.publicKey.raw) : undefined
  } catch {
    return undefined
  }
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const hex = encodeHex(publicKey)
  const cached = publicKeys.get(hex)
  if (cached !== undefined) return cached
  const made = createPublicKey({ key: Buffer.concat([PUBLIC_KEY_PREFIX, publicKey]), format: 'der', type: 'spki' })
  if (publicKeys.size >= MAX_CACHED_KEYS) publicKeys.clear()
  publicKeys.set(hex, made)
  return made
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.length === KEY_SIZE_BYTES) return seed
  throw new InputError('BadSeed', 'This is not the seed of a peer key.', {
    expected: `${KEY_SIZE_BYTES} bytes`,
    found: `${seed.length} bytes`,
    fix: 'Use the key file of the node, unchanged.',
  })
}
