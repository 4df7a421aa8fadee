/** Names that both sides of the chain compute alike. SPEC: docs/decisions/0004-network.md "Identities". */
import { concat, encodeUtf8, type HashHex } from '@cairn/primitives'
import type { Account, Anchor, JobId } from '@cairn/protocol'
import { encodeAbiParameters, hexToBytes, keccak256, numberToBytes, parseAbiParameters } from 'viem'
import { fromBytes32, toBytes32 } from './chain/hex.ts'

const JOB_KEY = parseAbiParameters('address submitter, bytes32 document')
const NETWORK = parseAbiParameters('uint256 chainId, address escrow')
const HEAD = parseAbiParameters('bytes32 previousHead, uint32 round, bytes32 globalRoot, bytes32 documentId')

/** Computes a job's key on the chain, which is the `job` of its units: keccak256(abi.encode(submitter, document)). */
export const jobKey = (submitter: Account, document: HashHex): JobId =>
  fromBytes32<JobId>(keccak256(encodeAbiParameters(JOB_KEY, [submitter, toBytes32(document)])))

/** Computes a network's identity: keccak256(abi.encode(chainId, escrow)). */
export const networkId = (chainId: number, escrow: Account): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters(NETWORK, [BigInt(chainId), escrow])))

/** Computes the head of a job's chain after one more anchor. SPEC: docs/spec/anchors.md. */
export const anchorHead = (previousHead: HashHex, { round, globalRoot, documentId }: Anchor): HashHex =>
  fromBytes32(
    keccak256(
      encodeAbiParameters(HEAD, [toBytes32(previousHead), round, toBytes32(globalRoot), toBytes32(documentId)]),
    ),
  )

/**
 * Returns what a node's Ed25519 key signs when an address registers it: `cairn/node/v1`, the chain id (32 bytes,
 * big-endian), the Registry's address (20), the node's address (20).
 */
export const registrationMessage = (chainId: number, registry: Account, node: Account): Uint8Array =>
  concat(encodeUtf8('cairn/node/v1'), numberToBytes(chainId, { size: 32 }), hexToBytes(registry), hexToBytes(node))
