/** Every transaction that changes who owns what: the contracts' functions, by name, with their arguments. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { Anchor, EarningsLeaf } from './hashing.ts'
import type { Account, Counts, Terms } from './terms.ts'

/** What names a job and the lease under which the caller speaks for it. */
interface UnderLease {
  readonly job: JobId
  readonly epoch: number
}

interface ForJob {
  readonly job: JobId
}

interface Amount {
  readonly amount: bigint
}

export interface SettlementCalls {
  /** The test token's faucet. */
  mint: Amount & { readonly to: Account }
  pause: object
  unpause: object
  approveNode: { readonly node: Account; readonly approved: boolean }
  register: { readonly peerKey: HashHex; readonly signature: readonly [HashHex, HashHex]; readonly owner: Account }
  stake: Amount
  unstake: Amount
  withdrawStake: object
  submit: { readonly terms: Terms }
  cancel: ForJob
  close: ForJob
  takeLease: ForJob
  releaseLease: UnderLease
  anchor: UnderLease & Anchor & { readonly previousHead: HashHex }
  end: UnderLease & { readonly previousHead: HashHex; readonly documentId: HashHex }
  assertEarnings: UnderLease & {
    readonly rounds: number
    readonly root: HashHex
    readonly totals: Counts
    readonly isFinal: boolean
  }
  settle: ForJob
  withdraw: EarningsLeaf & { readonly proof: readonly HashHex[] }
}

export type CallName = keyof SettlementCalls

/** A call and who makes it. */
export type SettlementCall = {
  readonly [Name in CallName]: { readonly call: Name; readonly from: Account; readonly args: SettlementCalls[Name] }
}[CallName]
