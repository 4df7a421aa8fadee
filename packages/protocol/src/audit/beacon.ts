/**
 * The randomness that audits are drawn from: known to nobody before the anchor, and to everybody after it. SPEC:
 * docs/spec/audits.md "Beacon". Not here: which blocks count, which is for whoever reads the chain.
 */
import {
  type Brand,
  decodeHex,
  encodeCanonical,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
} from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { JobId } from '../units.ts'

/** 64 lower-case hex digits that nobody could foresee. */
export type Beacon = Brand<string, 'Beacon'>

export interface RoundAnchored {
  readonly chainId: number
  readonly job: JobId
  readonly round: number
  /** After the anchor: it binds all works, so whoever could change one would not know what it gets for it. */
  readonly head: HashHex
  /** Of the block that many confirmations after the anchor's. */
  readonly blockHash: HashHex
}

export interface Refuted {
  readonly chainId: number
  readonly worker: Account
  /** Of the link that holds the refuted work. */
  readonly head: HashHex
  readonly blockHash: HashHex
}

/** Computes a round's beacon. A rewind leads to another head, and so to another beacon for the same round. */
export const roundBeacon = (hash: HashFunction, { chainId, job, round, head, blockHash }: RoundAnchored): Beacon =>
  beaconOf(hash, ['cairn/beacon/v1', chainId, hashFromHex(job), round, hashFromHex(head), hashFromHex(blockHash)])

/** Computes the beacon of what comes before round 0, from a block that many confirmations after the submission's. */
export const submittedBeacon = (
  hash: HashFunction,
  { chainId, job, blockHash }: Pick<RoundAnchored, 'chainId' | 'job' | 'blockHash'>,
): Beacon => beaconOf(hash, ['cairn/submitted/v1', chainId, hashFromHex(job), hashFromHex(blockHash)])

/** Computes the beacon for what a refuted worker has unsettled (`unsettledOf`). */
export const refutedBeacon = (hash: HashFunction, { chainId, worker, head, blockHash }: Refuted): Beacon =>
  beaconOf(hash, ['cairn/refuted/v1', chainId, accountBytes(worker), hashFromHex(head), hashFromHex(blockHash)])

export const accountBytes = (account: Account): Uint8Array => decodeHex(account.slice(2))

const beaconOf = (hash: HashFunction, parts: readonly unknown[]): Beacon =>
  hashToHex(hash(encodeCanonical(parts))) as string as Beacon
