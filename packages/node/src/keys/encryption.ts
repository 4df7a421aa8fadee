/** Encryption under a passphrase: scrypt makes the key (slow on purpose), AES-256-GCM seals and notices a wrong one. */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { InputError } from '@cairn/primitives'

/** Cost of scrypt (RFC 7914): memory is 128 n r bytes. */
export interface Cost {
  readonly n: number
  readonly r: number
  readonly p: number
}

export interface Sealed extends Cost {
  readonly salt: Uint8Array
  readonly iv: Uint8Array
  readonly tag: Uint8Array
  readonly ciphertext: Uint8Array
}

/** 128 MiB and about half a second a guess: what OWASP recommends for scrypt. */
export const DEFAULT_COST: Cost = { n: 2 ** 17, r: 8, p: 1 }

export const SALT_SIZE_BYTES = 32
/** What GCM is defined for without hashing it first. */
export const IV_SIZE_BYTES = 12
export const TAG_SIZE_BYTES = 16

const CIPHER = 'aes-256-gcm'
const KEY_SIZE_BYTES = 32

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

/** One passphrase may be typed in several Unicode forms, by keyboard and system: they all mean the same. */
const keyFrom = (passphrase: string, salt: Uint8Array, { n, r, p }: Cost): Promise<Buffer> =>
  derive(passphrase.normalize('NFKD'), salt, KEY_SIZE_BYTES, { N: n, r, p, maxmem: 256 * n * r })

/** Encrypts; every call draws a new salt. Throws `InputError` (`EmptyPassphrase`). */
export async function seal(plaintext: Uint8Array, passphrase: string, cost: Cost): Promise<Sealed> {
  if (passphrase === '') {
    throw new InputError('EmptyPassphrase', 'The passphrase is empty.', {
      expected: 'at least one character, better four words',
      found: 'none',
      fix: 'Choose a passphrase: who reads the key file could take what the node earned.',
    })
  }
  const salt = randomBytes(SALT_SIZE_BYTES)
  const iv = randomBytes(IV_SIZE_BYTES)
  const key = await keyFrom(passphrase, salt, cost)
  const cipher = createCipheriv(CIPHER, key, iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  key.fill(0)
  return { ...cost, salt, iv, tag: cipher.getAuthTag(), ciphertext }
}

/** Decrypts; undefined when the passphrase is another one (or the bytes are). */
export async function unseal(sealed: Sealed, passphrase: string): Promise<Uint8Array | undefined> {
  const key = await keyFrom(passphrase, sealed.salt, sealed)
  const decipher = createDecipheriv(CIPHER, key, sealed.iv, { authTagLength: TAG_SIZE_BYTES })
  try {
    decipher.setAuthTag(sealed.tag)
    return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()])
  } catch {
    return undefined
  } finally {
    key.fill(0)
  }
}
