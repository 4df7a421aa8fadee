/** Names that both sides of the chain compute alike. SPEC: docs/spec/anchors.md. */
import { concat, encodeUtf8, type HashHex } from '@cairn/primitives'
import type { Account, Anchor, JobId } from '@cairn/protocol'
import { concatHex, encodeAbiParameters, hexToBytes, keccak256, numberToBytes, parseAbiParameters } from 'viem'
import { toAnchorRecord } from './chain/anchor-record.ts'
import { fromBytes32, toBytes32 } from './chain/hex.ts'

const JOB_KEY = parseAbiParameters('address submitter, bytes32 document')
const NETWORK = parseAbiParameters('uint256 chainId, address escrow')
const REWIND = parseAbiParameters('bytes32 head, uint32 round')
const ANCHOR = parseAbiParameters([
  'Anchor anchor',
  'struct Anchor { bytes32 job; bytes32 previousHead; bytes32 previousRoot; bytes32 previousClaims; bytes32 globalRoot; bytes32 documentId; address coordinator; uint32 round; Work[] works; Audit[] audits; }',
  'struct Work { address worker; uint32 index; bytes32 claim; bytes signature; bytes outer; address[] custodians; }',
  'struct Audit { address verifier; uint32 round; uint32 index; uint32 segment; bytes32 claim; bytes signature; }',
])

/** Computes a job's key on the chain, which is the `job` of its units: keccak256(abi.encode(submitter, document)). */
export const jobKey = (submitter: Account, document: HashHex): JobId =>
  fromBytes32<JobId>(keccak256(encodeAbiParameters(JOB_KEY, [submitter, toBytes32(document)])))

/** Computes a network's identity: keccak256(abi.encode(chainId, escrow)). */
export const networkId = (chainId: number, escrow: Account): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters(NETWORK, [BigInt(chainId), escrow])))

/** Hashes the claims of a round's replicas, one after another, as signatures name them. */
export const claimsHash = (claims: readonly HashHex[]): HashHex =>
  fromBytes32(keccak256(concatHex(claims.map(toBytes32))))

/** Computes the head of a job's chain after one more anchor: keccak256(abi.encode(anchor)). */
export const anchorHead = (anchor: Anchor): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters(ANCHOR, [toAnchorRecord(anchor)])))

/** Computes the head after a rewind to before `round`, from the head that it had. */
export const rewindHead = (head: HashHex, round: number): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters(REWIND, [toBytes32(head), round])))

/**
 * Returns what a node's Ed25519 key signs when an address registers it: `cairn/node/v1`, the chain id (32 bytes,
 * big-endian), the Registry's address (20), the node's address (20).
 */
export const registrationMessage = (chainId: number, registry: Account, node: Account): Uint8Array =>
  concat(encodeUtf8('cairn/node/v1'), numberToBytes(chainId, { size: 32 }), hexToBytes(registry), hexToBytes(node))
