import { InputError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { bytesToHex, encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { type CallResult, call, requireWriter } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

export interface NodeRegistration {
  /** Ed25519 public key, 32 bytes. */
  readonly peerKey: Uint8Array
  /** Its signature over `registrationMessage`, 64 bytes. */
  readonly signature: Uint8Array
  /** Left out, the node is its own owner; another owner must have approved it. */
  readonly owner?: Account
  /** Whether others may count on it to repeat audited work; left out, not. */
  readonly verifies?: boolean
}

/**
 * Makes the caller a node, or changes its keys, its owner and whether it verifies. The chain cannot check the signature: peers do.
 * Refused: `BadPeerKey`, `OwnerNotApproving`. Throws `InputError` (`BadLength`) for a key or signature of another size.
 */
export async function registerNode(client: ChainClient, registration: NodeRegistration): Promise<CallResult> {
  const { peerKey, signature, owner = requireWriter(client).account.address, verifies = false } = registration
  if (peerKey.length !== 32 || signature.length !== 64) throw badLength(peerKey, signature)
  const halves = [bytesToHex(signature.subarray(0, 32)), bytesToHex(signature.subarray(32))] as const
  const args = [bytesToHex(peerKey), halves, owner, verifies] as const
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'register', args })
  return call(client, { to: client.addresses.registry, data })
}

const badLength = (peerKey: Uint8Array, signature: Uint8Array): InputError =>
  new InputError('BadLength', 'A node is registered with an Ed25519 key and signature.', {
    expected: '32 and 64 bytes',
    found: `${peerKey.length} and ${signature.length} bytes`,
    fix: 'Pass the raw public key and the raw signature.',
  })
