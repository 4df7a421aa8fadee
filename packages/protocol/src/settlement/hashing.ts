/**
 * The hashes and signatures that the contracts compute. Injected, since Keccak, the EVM's encoding and its curve belong
 * to the chain: `@cairn/contracts` supplies the real ones, `toyHashing` serves tests and the simulator.
 */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../dispute/claims.ts'
import type { JobId } from '../units.ts'
import type { Account, Counts } from './terms.ts'
import type { Anchor, Signature, SignedMessage } from './works.ts'

/** What an account did for a job in all its anchored rounds. */
export interface EarningsLeaf {
  readonly job: JobId
  readonly account: Account
  readonly counts: Counts
}

export interface EarningsTree {
  /** `NO_HASH` for a job that owes nobody. */
  readonly root: HashHex
  /** What the leaves count together. */
  readonly totals: Counts
  /** In the order of accounts. */
  readonly leaves: readonly EarningsLeaf[]
  /** What `withdraw` needs beside the leaf. Throws `InputError` (`NoLeaf`) for an account without one. */
  proofOf(account: Account): readonly HashHex[]
}

export interface SettlementHashing {
  jobKey(submitter: Account, document: HashHex): JobId
  /** Of what a worker says it computed. */
  claimHash(claim: UnitClaim): HashHex
  /** Of claims, one after another. */
  claimsHash(claims: readonly HashHex[]): HashHex
  anchorHead(anchor: Anchor): HashHex
  /** The head after a rewind to before `round`, which follows the last head. */
  rewindHead(head: HashHex, round: number): HashHex
  /** Builds the tree over one leaf per account. */
  earningsTree(leaves: readonly EarningsLeaf[]): EarningsTree
  provesLeaf(root: HashHex, leaf: EarningsLeaf, proof: readonly HashHex[]): boolean
}

/** Tells whether a signature is an account's, over a message. */
export type SignatureCheck = (signer: Account, message: SignedMessage, signature: Signature) => boolean

/** Head of a job without anchors, root of a job without earnings. */
export const NO_HASH = '0'.repeat(64) as HashHex
