/** A node as the Registry has it, in Cairn's words. */
import type { Account } from '@cairn/protocol'
import { concat, hexToBytes } from 'viem'

export interface NodeOnChain {
  readonly account: Account
  /** False for an account that at most has a stake; its owner and keys are then zero. */
  readonly isRegistered: boolean
  readonly owner: Account
  /** Whether others may count on it to repeat audited work. */
  readonly verifies: boolean
  /** Ed25519 public key, 32 bytes. */
  readonly peerKey: Uint8Array
  /** Over `registrationMessage`, 64 bytes; not checked by the chain. */
  readonly signature: Uint8Array
  readonly stake: bigint
  /** Part of `stake` that backs leases, work, assertions and challenges. */
  readonly locked: bigint
  /** Left the stake, not yet withdrawn. */
  readonly unbonding: bigint
  readonly unbondsAtSeconds: number
}

/** What viem reads from the contract. */
interface NodeRecord {
  readonly owner: Account
  readonly unbondsAt: number
  readonly verifies: boolean
  readonly peerKey: `0x${string}`
  readonly signature: readonly [`0x${string}`, `0x${string}`]
  readonly stake: bigint
  readonly locked: bigint
  readonly unbonding: bigint
}

export const toNodeOnChain = (
  account: Account,
  { peerKey, signature, unbondsAt, ...record }: NodeRecord,
): NodeOnChain => ({
  account,
  isRegistered: BigInt(peerKey) !== 0n,
  peerKey: hexToBytes(peerKey),
  signature: hexToBytes(concat([...signature])),
  unbondsAtSeconds: unbondsAt,
  ...record,
})
