/**
 * What a round's anchor says: whose work counts, and which attestations are to be paid. Twin of
 * packages/contracts/solidity/Works.sol. Whoever earns, is disputed or slashed is read from these and nothing else.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import { type Account, addCounts, type Counts, noCounts } from './terms.ts'

/** 0x and hex digits; nothing after 0x where there is no signature. */
export type Signature = `0x${string}`

/** A unit that counts, and who did it. */
export interface Work {
  readonly worker: Account
  /** The replica; the number of replicas for the round's evaluation. */
  readonly index: number
  /** Hash of what the worker says it computed. */
  readonly claim: HashHex
  /** By the worker, over a `WorkMessage`: a rewind that leaves the state that it began from leaves it valid. */
  readonly signature: Signature
  /** By the worker, over an `OuterMessage`; empty where it did no outer step. */
  readonly outer: Signature
  readonly custodians: readonly Account[]
}

/** An attestation that is to be paid: what the claim states for the ends of a segment follows from its stated start. */
export interface Audit {
  readonly verifier: Account
  /** Of the audited unit. */
  readonly round: number
  readonly index: number
  /** Of its segments, from 0; their number for all of them. */
  readonly segment: number
  /** The unit's. */
  readonly claim: HashHex
  /** By the verifier, over an `AttestationMessage`. */
  readonly signature: Signature
}

/** One link of a job's chain. */
export interface Anchor {
  readonly job: JobId
  readonly previousHead: HashHex
  /** The global state's root before the round; `NO_HASH` in the first. */
  readonly previousRoot: HashHex
  /** Hash of the replicas' claims in the round before; `NO_HASH` in the first. */
  readonly previousClaims: HashHex
  /** `NO_HASH` in a link that closes the chain. */
  readonly globalRoot: HashHex
  /** Blob id of the round document. */
  readonly documentId: HashHex
  readonly coordinator: Account
  /** From 0. */
  readonly round: number
  readonly works: readonly Work[]
  /** Of earlier rounds' units. */
  readonly audits: readonly Audit[]
}

/**
 * What a worker signs for its unit. It names the state that it began from, and no head: it outlives the rewind of another's
 * work, but nobody can put it on another state, on which its claim would be wrong.
 */
export interface WorkMessage {
  readonly of: 'work'
  readonly job: JobId
  readonly round: number
  readonly index: number
  /** Of the global state: before the round for a replica, after it for an evaluation. */
  readonly root: HashHex
  /** Hash of the replicas' claims that led to that state. */
  readonly claims: HashHex
  readonly claim: HashHex
}

/** What a worker signs for its outer step. It names the replicas' claims: nobody can put another unit under it. */
export interface OuterMessage {
  readonly of: 'outer'
  readonly job: JobId
  readonly round: number
  readonly previousRoot: HashHex
  /** Hash of the replicas' claims, in order. */
  readonly claims: HashHex
  readonly globalRoot: HashHex
}

/** What a coordinator signs with its account when it leases a unit. */
export interface LeaseMessage {
  readonly of: 'lease'
  readonly job: JobId
  readonly epoch: number
  readonly round: number
  readonly index: number
  readonly worker: Account
  /** In the seconds of blocks. */
  readonly until: number
  readonly custodians: readonly Account[]
}

/** What a custodian signs with its account: that it keeps what the claim names. */
export interface CustodyMessage {
  readonly of: 'custody'
  readonly job: JobId
  readonly round: number
  readonly index: number
  readonly claim: HashHex
}

/** What a verifier signs with its account. */
export interface AttestationMessage extends Pick<Audit, 'round' | 'index' | 'segment' | 'claim'> {
  readonly of: 'attestation'
  readonly job: JobId
}

/** A lease as its worker shows it to the chain: the worker is who shows it. */
export interface UnitLease extends Omit<LeaseMessage, 'of' | 'worker'> {
  /** By the holder of the job's lease. */
  readonly signature: Signature
}

export type SignedMessage = WorkMessage | OuterMessage | LeaseMessage | CustodyMessage | AttestationMessage

type ClaimsHash = (claims: readonly HashHex[]) => HashHex

/** The claims of an anchor's replicas, in order. */
export const claimsOf = ({ works }: Anchor, replicas: number): HashHex[] =>
  works.filter(({ index }) => index < replicas).map(({ claim }) => claim)

export function workMessage(
  anchor: Anchor,
  { index, claim }: Pick<Work, 'index' | 'claim'>,
  replicas: number,
  claimsHash: ClaimsHash,
): WorkMessage {
  const { job, round, previousRoot, previousClaims, globalRoot } = anchor
  const before = { root: previousRoot, claims: previousClaims }
  const after = { root: globalRoot, claims: claimsHash(claimsOf(anchor, replicas)) }
  return { of: 'work', job, round, index, ...(index < replicas ? before : after), claim }
}

export function outerMessage(anchor: Anchor, replicas: number, claimsHash: ClaimsHash): OuterMessage {
  const { job, round, previousRoot, globalRoot } = anchor
  return { of: 'outer', job, round, previousRoot, claims: claimsHash(claimsOf(anchor, replicas)), globalRoot }
}

export const leaseMessage = (lease: Omit<UnitLease, 'signature'>, worker: Account): LeaseMessage => {
  const { job, epoch, round, index, until, custodians } = lease
  return { of: 'lease', job, epoch, round, index, worker, until, custodians }
}

export const custodyMessage = (
  { job, round, index }: Pick<UnitLease, 'job' | 'round' | 'index'>,
  claim: HashHex,
): CustodyMessage => ({ of: 'custody', job, round, index, claim })

export const attestationMessage = (
  job: JobId,
  { round, index, segment, claim }: Omit<AttestationMessage, 'of' | 'job'>,
): AttestationMessage => ({ of: 'attestation', job, round, index, segment, claim })

/** Tells whether what is at a place of a link is an attestation: works come first. */
export const isAttestation = ({ works }: Pick<Anchor, 'works'>, position: number): boolean => position >= works.length

/** The attestation at a place of a link; undefined at that of a work, and past the last. */
export const attestationAt = (
  { works, audits }: Pick<Anchor, 'works' | 'audits'>,
  position: number,
): Audit | undefined => (position < works.length ? undefined : audits[position - works.length])

/** Lists who answers for something in a link, each with a bond: its works come first, then its attestations. */
export const answeringIn = ({ works, audits }: Pick<Anchor, 'works' | 'audits'>): Account[] => [
  ...works.map(({ worker }) => worker),
  ...audits.map(({ verifier }) => verifier),
]

/**
 * Counts what everybody earned in links of a chain. `isClosing` tells of a link that it closed the chain: nobody
 * coordinates a round by that.
 */
export function earnedIn(
  links: readonly { readonly anchor: Anchor; readonly isClosing: boolean }[],
  replicas: number,
): ReadonlyMap<Account, Counts> {
  const earned = new Map<Account, Counts>()
  const add = (account: Account, kind: keyof Counts) =>
    earned.set(account, addCounts(earned.get(account) ?? noCounts, { ...noCounts, [kind]: 1n }))
  for (const { anchor, isClosing } of links) {
    if (!isClosing) add(anchor.coordinator, 'coordinated')
    for (const { worker, index, custodians } of anchor.works) {
      add(worker, index < replicas ? 'trained' : 'evaluated')
      for (const custodian of custodians) add(custodian, 'kept')
    }
    for (const { verifier } of anchor.audits) add(verifier, 'audited')
  }
  return earned
}
