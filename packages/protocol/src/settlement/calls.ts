/** Every transaction that changes who owns what: the contracts' functions, by name, with their arguments. */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../dispute/claims.ts'
import type { JobId } from '../units.ts'
import type { EarningsLeaf } from './hashing.ts'
import type { Account, Counts, Terms } from './terms.ts'
import type { Anchor, Signature, UnitLease } from './works.ts'

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

interface OfAnchor {
  readonly anchor: Anchor
}

interface AddsLink extends OfAnchor {
  readonly epoch: number
  /** What its works claim, in their order. */
  readonly claims: readonly UnitClaim[]
}

interface OfPlace extends OfAnchor {
  /** In the link: its works come first, then its attestations. */
  readonly position: number
}

interface OfGame {
  readonly game: number
}

/** An account and its counts, in an assertion. */
export interface Leaf {
  readonly account: Account
  readonly counts: Counts
}

export interface SettlementCalls {
  /** The test token's faucet. */
  mint: Amount & { readonly to: Account }
  pause: object
  unpause: object
  approveNode: { readonly node: Account; readonly approved: boolean }
  register: {
    readonly peerKey: HashHex
    readonly signature: readonly [HashHex, HashHex]
    readonly owner: Account
    readonly verifies: boolean
  }
  stake: Amount
  unstake: Amount
  withdrawStake: object
  submit: { readonly terms: Terms }
  cancel: ForJob
  close: ForJob
  takeLease: ForJob
  releaseLease: UnderLease
  anchor: AddsLink
  end: AddsLink
  include: {
    readonly lease: UnitLease
    readonly claim: HashHex
    /** The caller's, over its work. */
    readonly signature: Signature
    /** Those of the lease's custodians, in its order. */
    readonly kept: readonly Signature[]
    /** Where the worker's commitment is found. */
    readonly document: HashHex
  }
  finalise: OfAnchor
  release: OfPlace
  open: OfPlace & { readonly outer: boolean }
  move: OfGame
  rule: OfGame & { readonly defended: boolean }
  timeout: OfGame
  dissolve: OfGame
  report: OfPlace
  compensate: { readonly wrong: HashHex; readonly account: Account }
  assertEarnings: UnderLease & {
    readonly rounds: number
    /** In the order of accounts. */
    readonly leaves: readonly Leaf[]
    readonly isFinal: boolean
  }
  count: ForJob & { readonly account: Account; readonly links: readonly Anchor[] }
  challengeEarnings: ForJob & {
    readonly account: Account
    readonly settled: readonly Leaf[]
    readonly pending: readonly Leaf[]
  }
  settle: ForJob
  withdraw: EarningsLeaf & { readonly proof: readonly HashHex[] }
}

export type CallName = keyof SettlementCalls

/** A call and who makes it. */
export type SettlementCall = {
  readonly [Name in CallName]: { readonly call: Name; readonly from: Account; readonly args: SettlementCalls[Name] }
}[CallName]
