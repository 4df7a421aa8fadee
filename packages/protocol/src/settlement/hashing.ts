/**
 * The hashes that the contracts compute. Injected, since Keccak and the EVM's encoding belong to the chain:
 * `@cairn/contracts` supplies the real ones, `toyHashing` serves tests and the simulator.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { Account, Counts } from './terms.ts'

/** The next link of a job's chain of rounds. */
export interface Anchor {
  /** From 0. */
  readonly round: number
  readonly globalRoot: HashHex
  /** Blob id of the round document. */
  readonly documentId: HashHex
}

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
  anchorHead(previousHead: HashHex, anchor: Anchor): HashHex
  /** Builds the tree over one leaf per account. */
  earningsTree(leaves: readonly EarningsLeaf[]): EarningsTree
  provesLeaf(root: HashHex, leaf: EarningsLeaf, proof: readonly HashHex[]): boolean
}

/** Head of a job without anchors, root of a job without earnings. */
export const NO_HASH = '0'.repeat(64) as HashHex
