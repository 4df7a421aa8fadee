/** What a network fixes when its contracts are deployed. Twin of packages/contracts/solidity/Parameters.sol. */
import type { Account } from './terms.ts'

/** Money in the token's smallest unit, periods in whole seconds. */
export interface NetworkParameters {
  /** Stake below which an account is no node: it takes no lease and asserts nothing. */
  readonly minimumStake: bigint
  /** Locked from the holder's stake while it holds a job's lease. */
  readonly leaseBond: bigint
  /** Locked from the asserter's stake until its assertion settles. */
  readonly earningsBond: bigint
  readonly unbondingSeconds: number
  readonly challengeSeconds: number
  readonly leaseSeconds: number
  /** How long after a cancellation final earnings may still be asserted. */
  readonly cancelSeconds: number
  readonly pauseSeconds: number
  /** From the start of one pause to the earliest start of the next. */
  readonly pauseIntervalSeconds: number
  /** The zero address for a network that nobody can pause. */
  readonly guardian: Account
}

const LONGEST_SECONDS = 36_500 * 86_400

/**
 * Tells whether a network may have these parameters: unbonding outlasts the challenge window; a pending assertion and a
 * pause fit into the cancel window, with at most one pause in it; no period is so long that a clock could overflow.
 */
export function areParametersGood(p: NetworkParameters): boolean {
  const longUnbonding = p.unbondingSeconds > p.challengeSeconds
  const longCancel = p.cancelSeconds > p.challengeSeconds + p.pauseSeconds
  const rarePauses = p.pauseIntervalSeconds >= p.cancelSeconds + p.pauseSeconds
  const longest = Math.max(p.unbondingSeconds, p.pauseIntervalSeconds, p.leaseSeconds)
  return longUnbonding && longCancel && rarePauses && longest <= LONGEST_SECONDS && p.leaseSeconds > 0
}
