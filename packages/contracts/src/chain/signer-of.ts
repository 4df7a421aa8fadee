/** Whose signature something is, by the rules of OpenZeppelin's ECDSA: 65 bytes, v 27 or 28, s in the lower half. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hexToBytes } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'

/** An account's signature: r and s, 64 bytes, and v. */
const SIGNATURE_BYTES = 65

/** Recovers the account, in lower case; undefined where no contract would. Never throws on hex digits. */
export function signerOf(digest: `0x${string}`, signature: `0x${string}`): string | undefined {
  const bytes = hexToBytes(signature)
  const recovery = (bytes[SIGNATURE_BYTES - 1] ?? 0) - 27
  if (bytes.length !== SIGNATURE_BYTES || (recovery !== 0 && recovery !== 1)) return undefined
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, -1)).addRecoveryBit(recovery)
    if (parsed.hasHighS()) return undefined
    const publicKey = parsed.recoverPublicKey(hexToBytes(digest)).toHex(false)
    return publicKeyToAddress(`0x${publicKey}`).toLowerCase()
  } catch {
    return undefined // r or s is none
  }
}
