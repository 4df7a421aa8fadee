/**
 * Sealed commitments of redundancy: several nodes do one unit, and none sees another's root before all have bound
 * themselves. SPEC: docs/spec/audits.md "Redundancy". Account and salt are in the seal, so that it cannot be copied, and a
 * root that everybody knows cannot be tried.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import { accountBytes } from './beacon.ts'

export interface OpenedSeal {
  /** What the node computed: the result of its work (`resultRoot`). */
  readonly root: HashHex
  readonly account: Account
  /** 32 bytes, never used for another unit. */
  readonly salt: Uint8Array
}

/** Seals what a node computed. */
export const sealRoot = (hash: HashFunction, { root, account, salt }: OpenedSeal): HashHex =>
  hashToHex(hash(encodeCanonical(['cairn/seal/v1', hashFromHex(root), accountBytes(account), salt])))

export interface SealedWork {
  readonly account: Account
  readonly seal: HashHex
  /** Absent while, or because, the node keeps it shut. */
  readonly opened?: OpenedSeal
}

const SALT_BYTES = 32

/** Tells whether what was said opens the seal, to the account that it came from. */
export const isOpened = (hash: HashFunction, { account, seal, opened }: SealedWork): boolean =>
  opened?.salt.length === SALT_BYTES && opened.account === account && sealRoot(hash, opened) === seal
