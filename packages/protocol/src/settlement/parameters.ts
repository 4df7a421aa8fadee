/** What a network fixes when its contracts are deployed. Twin of packages/contracts/solidity/Parameters.sol. */
import type { Account } from './terms.ts'

/** Money in the token's smallest unit, periods in whole seconds. */
export interface NetworkParameters {
  /** Stake below which an account is no node: it takes no lease, does no bonded work and asserts nothing. */
  readonly minimumStake: bigint
  /** Locked from the holder's stake while it holds a job's lease. */
  readonly leaseBond: bigint
  /** Locked from the asserter's stake until its assertion settles. */
  readonly earningsBond: bigint
  /** Locked from the first challenger of a claim; every later one's is twice the one before, up to the minimum stake. */
  readonly challengeBond: bigint
  /** What whoever proves a wrong gets for gas and trouble, if half of the slashed bond covers it. */
  readonly challengerReward: bigint
  readonly unbondingSeconds: number
  readonly challengeSeconds: number
  /** How long each side of a game may think in all. */
  readonly maximumDelaySeconds: number
  readonly leaseSeconds: number
  /** How long after a cancellation final earnings may still be asserted. */
  readonly cancelSeconds: number
  readonly pauseSeconds: number
  /** From the start of one pause to the earliest start of the next. */
  readonly pauseIntervalSeconds: number
  /** Share of the verifiers' stake that is assumed to collude, in parts per million. */
  readonly colludingShare: number
  /** Blocks from a link's to the one whose hash draws its audits. */
  readonly beaconBlocks: number
  /** The zero address for a network that nobody can pause. */
  readonly guardian: Account
}

/**
 * How often a challenger's bond doubles. The dearest is no more than the minimum stake: whoever loses challenges on purpose
 * prices no node out that has this much free.
 */
export const MOST_DOUBLINGS = 3
/** A contract sees the hashes of the last 256 blocks: one that looked at a beacon would still have some time for it. */
const MOST_BEACON_BLOCKS = 200
const LONGEST_SECONDS = 36_500 * 86_400

/**
 * Tells whether a network may have these parameters: unbonding outlasts the challenge window; rounds become
 * final, and an assertion about them and a pause fit into the cancel window, whatever games are played, with at most one
 * pause in it; no period is so long that a clock could overflow; a beacon comes after what it draws from; a node's stake
 * covers the dearest challenge.
 */
export function areParametersGood(p: NetworkParameters): boolean {
  const longUnbonding = p.unbondingSeconds > p.challengeSeconds
  const longCancel = p.cancelSeconds > p.challengeSeconds + 2 * p.maximumDelaySeconds + p.pauseSeconds
  const rarePauses = p.pauseIntervalSeconds >= p.cancelSeconds + p.pauseSeconds
  const longest = Math.max(p.unbondingSeconds, p.pauseIntervalSeconds, p.leaseSeconds)
  const isBounded = longest <= LONGEST_SECONDS && p.leaseSeconds > 0
  const isCovered = p.challengeBond << BigInt(MOST_DOUBLINGS) <= p.minimumStake
  const isLater = p.beaconBlocks > 0 && p.beaconBlocks <= MOST_BEACON_BLOCKS
  return longUnbonding && longCancel && rarePauses && isBounded && isCovered && p.colludingShare < 1_000_000 && isLater
}
