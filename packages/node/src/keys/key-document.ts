/**
 * The text of a key file: JSON, public keys in the clear, both secrets sealed under a passphrase. The checksum is what
 * tells a damaged file from a wrong passphrase; it protects from nothing else. Who changes a file on purpose is found
 * out after decryption, when the public keys are derived again.
 */
import { concat, decodeHex, encodeHex, encodeUtf8, InputError } from '@cairn/primitives'
import { sha256 } from '../files/hash.ts'
import { type Cost, DEFAULT_COST, type Sealed, seal, unseal } from './encryption.ts'
import { checkKeyFields, FORMAT, type KeyFields } from './key-fields.ts'
import { type NodeKey, nodeKey, type PublicKeys, SECRET_SIZE_BYTES } from './node-key.ts'

const CORRUPT_FIX = 'Restore the file from a backup. Without one the key in it is lost.'

/** Says what is wrong with a key file. */
export const corruptKey = (path: string, expected: string, found: string): InputError =>
  new InputError('CorruptKeyFile', 'This key file is damaged.', { path, expected, found, fix: CORRUPT_FIX })

const checksumOf = ({ checksum: _, ...rest }: KeyFields): string =>
  encodeHex(sha256(encodeUtf8(JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))))))

const fieldsOf = ({ address, peerKey }: PublicKeys, { n, r, p, ...sealed }: Sealed): KeyFields => {
  const { salt, iv, tag, ciphertext } = sealed
  const hex = { salt: encodeHex(salt), iv: encodeHex(iv), tag: encodeHex(tag), ciphertext: encodeHex(ciphertext) }
  const fields = {
    format: FORMAT,
    address,
    peerKey,
    kdf: 'scrypt',
    n,
    r,
    p,
    cipher: 'aes-256-gcm',
    ...hex,
    checksum: '',
  }
  return { ...fields, checksum: checksumOf(fields) }
}

/** Writes a key as the text of a key file. Throws `InputError` (`EmptyPassphrase`). */
export async function encodeKey(key: NodeKey, passphrase: string, cost: Cost = DEFAULT_COST): Promise<string> {
  const secrets = concat(decodeHex(key.evmPrivateKey().slice(2)), key.peerSeed())
  const sealed = await seal(secrets, passphrase, cost)
  secrets.fill(0)
  const { format, address, peerKey, checksum, ...crypto } = fieldsOf(key, sealed)
  return `${JSON.stringify({ format, address, peerKey, crypto, checksum }, undefined, 2)}\n`
}

function parse(text: string, path: string): KeyFields {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw corruptKey(path, 'a JSON document', `${text.length} characters of something else`)
  }
  const check = checkKeyFields(document)
  if (!check.ok) throw corruptKey(path, check.expected, check.found)
  const checksum = checksumOf(check.fields)
  if (checksum !== check.fields.checksum)
    throw corruptKey(path, `content with the checksum ${check.fields.checksum}`, checksum)
  return check.fields
}

/** Reads who a key file belongs to, which needs no passphrase. Throws `InputError` (`CorruptKeyFile`). */
export function decodePublicKeys(text: string, path: string): PublicKeys {
  const { address, peerKey } = parse(text, path)
  return { address: address as PublicKeys['address'], peerKey }
}

function sealedOf({ n, r, p, salt, iv, tag, ciphertext }: KeyFields): Sealed {
  const bytes = { salt: decodeHex(salt), iv: decodeHex(iv), tag: decodeHex(tag), ciphertext: decodeHex(ciphertext) }
  return { n, r, p, ...bytes }
}

/** Reads the text of a key file. Throws `InputError` (`CorruptKeyFile`, `WrongPassphrase`). */
export async function decodeKey(text: string, passphrase: string, path: string): Promise<NodeKey> {
  const fields = parse(text, path)
  const secrets = await unseal(sealedOf(fields), passphrase)
  if (secrets === undefined) {
    throw new InputError('WrongPassphrase', 'The passphrase does not open this key file.', {
      path,
      expected: `the passphrase that the key of ${fields.address} was written with`,
      found: 'another one',
      fix: 'Try again. Nobody can open the file without it.',
    })
  }
  const key = nodeKey(secrets.subarray(0, SECRET_SIZE_BYTES), secrets.subarray(SECRET_SIZE_BYTES))
  secrets.fill(0)
  for (const name of ['address', 'peerKey'] as const) {
    if (key[name] !== fields[name])
      throw corruptKey(path, `${name} ${key[name]}, as the secrets in it say`, fields[name])
  }
  return key
}
