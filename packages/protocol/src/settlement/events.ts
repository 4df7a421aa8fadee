/** What calls tell the world: the contracts' events, with their arguments. */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../dispute/claims.ts'
import type { JobId } from '../units.ts'
import type { Leaf } from './calls.ts'
import type { Account } from './terms.ts'
import type { Anchor, Signature } from './works.ts'

interface OfJob {
  readonly job: JobId
}

interface OfLink extends OfJob {
  readonly round: number
  readonly head: HashHex
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
    readonly verifies: boolean
  }
  Staked: NodeAmount
  UnstakeRequested: NodeAmount & { readonly unbondsAt: number }
  StakeWithdrawn: NodeAmount
  Locked: NodeAmount
  Unlocked: NodeAmount
  Submitted: OfJob & { readonly submitter: Account; readonly document: HashHex; readonly budget: bigint }
  Cancelled: OfJob & { readonly cancelEndsAt: number }
  CancelExtended: OfJob & { readonly cancelEndsAt: number }
  Owed: OfJob & { readonly owed: bigint; readonly isFinal: boolean }
  Paid: OfJob & { readonly account: Account; readonly amount: bigint }
  Closed: OfJob & { readonly submitter: Account; readonly refund: bigint }
  LeaseTaken: OfJob & { readonly holder: Account; readonly epoch: number; readonly expiresAt: number }
  LeaseReleased: OfJob & { readonly holder: Account; readonly epoch: number }
  /** What the works of a link claim, in their order. */
  Claimed: { readonly head: HashHex; readonly claims: readonly UnitClaim[] }
  Anchored: OfLink & { readonly anchor: Anchor }
  Ended: OfLink & { readonly anchor: Anchor }
  /** `head` is that which the round follows. */
  Included: OfJob & {
    readonly head: HashHex
    readonly index: number
    readonly worker: Account
    readonly claim: HashHex
    readonly bindsUntil: number
    readonly document: HashHex
    readonly signature: Signature
  }
  Finalised: OfLink
  /** `head` goes on from what is void. */
  Rewound: OfLink & { readonly wrong: HashHex }
  BondFreed: OfJob & { readonly head: HashHex; readonly position: number; readonly account: Account }
  GameOpened: OfLink & {
    readonly game: number
    readonly position: number
    readonly outer: boolean
    readonly attestation: boolean
    readonly challenger: Account
    readonly defender: Account
    readonly bond: bigint
  }
  /** `outcome` is a place in `TURNS`. */
  GameEnded: { readonly game: number; readonly outcome: number }
  Slashed: NodeAmount
  Spent: OfJob & {
    readonly loser: Account
    readonly winner: Account
    readonly reward: bigint
    readonly burned: bigint
    readonly rest: bigint
  }
  CaseOpened: OfJob & {
    readonly wrong: HashHex
    readonly round: number
    readonly pot: bigint
    readonly endsAt: number
  }
  Reported: {
    readonly wrong: HashHex
    readonly head: HashHex
    readonly position: number
    readonly worker: Account
    readonly price: bigint
  }
  Divided: { readonly wrong: HashHex; readonly submitter: Account; readonly rest: bigint }
  Compensated: { readonly wrong: HashHex; readonly account: Account; readonly amount: bigint }
  Asserted: OfJob & {
    readonly asserter: Account
    readonly rounds: number
    readonly root: HashHex
    readonly leaves: readonly Leaf[]
    readonly isFinal: boolean
    readonly settlesAt: number
  }
  Refuted: OfJob & { readonly asserter: Account; readonly challenger: Account; readonly account: Account }
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
