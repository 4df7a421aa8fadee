/**
 * Claims of units as contracts hash them, and accounts' signatures as contracts recover them, for whoever checks work before it
 * is anchored, and receipts after. SPEC: docs/spec/messages.md "Claims". Twin of the struct in solidity/dispute/Subjects.sol.
 */

import type { HashHex } from '@cairn/primitives'
import type { ClaimChecking, SignatureCheck, UnitClaim } from '@cairn/protocol'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { encodeAbiParameters, hexToBytes, keccak256, parseAbiParameters } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { fromBytes32, toBytes32 } from './chain/hex.ts'
import { claimsHash } from './identities.ts'
import { type SigningDomain, workDigest } from './work-signatures.ts'

const UNIT_CLAIM = parseAbiParameters([
  'UnitClaim claim',
  'struct UnitClaim { bytes32 globalRoot; bytes32 replicaRoot; bytes32 updateRoot; bytes32 newReplicaRoot; bytes32[] checkpointRoots; uint32 lossBits; bytes32 stepsRoot; bytes32 saltHash; }',
])

/** Computes what a worker's account signs of a unit: keccak256(abi.encode(claim)). */
export const claimHash = (claim: UnitClaim): HashHex =>
  fromBytes32(
    keccak256(
      encodeAbiParameters(UNIT_CLAIM, [
        {
          globalRoot: toBytes32(claim.globalRoot),
          replicaRoot: toBytes32(claim.replicaRoot),
          updateRoot: toBytes32(claim.updateRoot),
          newReplicaRoot: toBytes32(claim.newReplicaRoot),
          checkpointRoots: claim.checkpointRoots.map(toBytes32),
          lossBits: claim.lossBits,
          stepsRoot: toBytes32(claim.stepsRoot),
          saltHash: toBytes32(claim.saltHash),
        },
      ]),
    ),
  )

/** Makes what checks claims and their signatures on one network. */
export const claimChecking = (domain: SigningDomain): ClaimChecking => ({
  claimHash,
  claimsHash,
  isSigned: signatureCheck(domain),
})

/** An account's signature: r and s, 64 bytes, and v. */
const SIGNATURE_BYTES = 65

/** Signatures count as they do in OpenZeppelin's ECDSA: 65 bytes, v 27 or 28, s in the lower half. */
const signatureCheck =
  (domain: SigningDomain): SignatureCheck =>
  (signer, message, signature) =>
    signerOf(workDigest(domain, message), signature) === signer.toLowerCase()

function signerOf(digest: `0x${string}`, signature: `0x${string}`): string | undefined {
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
