/**
 * Claims of units as contracts hash them, and accounts' signatures as contracts recover them, for whoever checks work before it
 * is anchored, and receipts after. SPEC: docs/spec/messages.md "Claims". Twin of the struct in solidity/Works.sol.
 */

import type { HashHex } from '@cairn/primitives'
import type { ClaimChecking, SignatureCheck, UnitClaim } from '@cairn/protocol'
import { encodeAbiParameters, keccak256, parseAbiParameters } from 'viem'
import { toClaimRecord } from './chain/claim-record.ts'
import { fromBytes32 } from './chain/hex.ts'
import { signerOf } from './chain/signer-of.ts'
import { claimsHash } from './identities.ts'
import { type SigningDomain, workDigest } from './work-signatures.ts'

const UNIT_CLAIM = parseAbiParameters([
  'UnitClaim claim',
  'struct UnitClaim { bytes32 globalRoot; bytes32 replicaRoot; bytes32 updateRoot; bytes32 newReplicaRoot; bytes32[] checkpointRoots; uint32 lossBits; bytes32 stepsRoot; bytes32 saltHash; }',
])

/** Computes what a worker's account signs of a unit: keccak256(abi.encode(claim)). */
export const claimHash = (claim: UnitClaim): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters(UNIT_CLAIM, [toClaimRecord(claim)])))

/** Makes what checks claims and their signatures on one network. */
export const claimChecking = (domain: SigningDomain): ClaimChecking => ({
  claimHash,
  claimsHash,
  isSigned: signatureCheck(domain),
})

const signatureCheck =
  (domain: SigningDomain): SignatureCheck =>
  (signer, message, signature) =>
    signerOf(workDigest(domain, message), signature) === signer.toLowerCase()
