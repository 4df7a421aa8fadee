/** The signatures in the receipt of a job of a network, checked by Node's own library: no short command loads libp2p. */
import { createPublicKey, verify } from 'node:crypto'
import { badSignature, type Receipt, type VerifySignature } from '@cairn/protocol'
import type { Verdict } from '@cairn/training'

/** Checks an Ed25519 signature. False on anything malformed, such as a key that is no point of the curve. */
export const verifySignature: VerifySignature = (publicKey, statement, signature) => {
  try {
    const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }
    return verify(null, statement, createPublicKey({ key, format: 'jwk' }), signature)
  } catch {
    return false
  }
}

/** Checks every signature; names the first that is not good. */
export function checkSignatures(receipt: Receipt): Verdict {
  const bad = badSignature(verifySignature, receipt)
  if (bad === undefined) return { ok: true, units: 0 }
  const key = Buffer.from(bad.publicKey).toString('hex')
  return { ok: false, path: bad.path, expected: `a signature by ${key}`, found: 'one that is not theirs' }
}
