import type { Account, Anchor, JobId, Leaf } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { earningsAbi } from '../abi/earnings.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Counts what an account earned in the next links that the pending assertion adds to what is settled; many rounds take
 * several calls. Anybody may. Refused: `NothingPending`, `BadRecord`.
 */
export function countEarnings(
  client: ChainClient,
  job: JobId,
  account: Account,
  links: readonly Anchor[],
): Promise<CallResult> {
  const args = [toBytes32(job), account, links.map(toAnchorRecord)] as const
  const data = encodeFunctionData({ abi: earningsAbi, functionName: 'count', args })
  return call(client, { to: client.addresses.earnings, data })
}

export interface EarningsChallenge {
  readonly job: JobId
  /** Whose leaf is wrong; all links were counted for it. */
  readonly account: Account
  /** Of the settled root, in the order of accounts. */
  readonly settled: readonly Leaf[]
  /** Of the pending root. */
  readonly pending: readonly Leaf[]
}

/**
 * Shows that an account's leaf is not what it was plus what was counted: the asserter loses its bond. Anybody may.
 * Refused: `NothingPending`, `ChallengeWindowOver`, `LeavesUnordered`, `BadProof`, `NotCounted`, `EarningsRight`.
 */
export function challengeEarnings(client: ChainClient, challenge: EarningsChallenge): Promise<CallResult> {
  const { job, account, settled, pending } = challenge
  const args = [toBytes32(job), account, settled, pending] as const
  const data = encodeFunctionData({ abi: earningsAbi, functionName: 'challengeEarnings', args })
  return call(client, { to: client.addresses.earnings, data })
}
