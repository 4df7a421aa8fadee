/** What calls tell the world: the contracts' events, with their arguments. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { Account, Counts } from './terms.ts'

interface OfJob {
  readonly job: JobId
}

interface NodeAmount {
  readonly node: Account
  readonly amount: bigint
}

export interface SettlementEvents {
  PauseStarted: { readonly until: number }
  PauseEnded: object
  NodeApproved: { readonly owner: Account; readonly node: Account; readonly approved: boolean }
  Registered: {
    readonly node: Account
    readonly owner: Account
    readonly peerKey: HashHex
    readonly signature: readonly [HashHex, HashHex]
  }
  Staked: NodeAmount
  UnstakeRequested: NodeAmount & { readonly unbondsAt: number }
  StakeWithdrawn: NodeAmount
  Locked: NodeAmount
  Unlocked: NodeAmount
  Submitted: OfJob & { readonly submitter: Account; readonly document: HashHex; readonly budget: bigint }
  Cancelled: OfJob & { readonly cancelEndsAt: number }
  Owed: OfJob & { readonly owed: bigint; readonly isFinal: boolean }
  Paid: OfJob & { readonly account: Account; readonly amount: bigint }
  Closed: OfJob & { readonly submitter: Account; readonly refund: bigint }
  LeaseTaken: OfJob & { readonly holder: Account; readonly epoch: number; readonly expiresAt: number }
  LeaseReleased: OfJob & { readonly holder: Account; readonly epoch: number }
  Anchored: OfJob & {
    readonly round: number
    readonly head: HashHex
    readonly globalRoot: HashHex
    readonly documentId: HashHex
    readonly holder: Account
  }
  Ended: OfJob & {
    readonly rounds: number
    readonly head: HashHex
    readonly documentId: HashHex
    readonly holder: Account
  }
  Asserted: OfJob & {
    readonly asserter: Account
    readonly rounds: number
    readonly root: HashHex
    readonly totals: Counts
    readonly isFinal: boolean
    readonly settlesAt: number
  }
  Settlement: OfJob & {
    readonly rounds: number
    readonly root: HashHex
    readonly owed: bigint
    readonly isFinal: boolean
  }
  Withdrawn: OfJob & { readonly account: Account; readonly amount: bigint }
}

export type SettlementEvent = {
  readonly [Name in keyof SettlementEvents]: { readonly event: Name; readonly args: SettlementEvents[Name] }
}[keyof SettlementEvents]
