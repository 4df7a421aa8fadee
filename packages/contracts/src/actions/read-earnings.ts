import type { HashHex } from '@cairn/primitives'
import type { Account, Counts, JobId } from '@cairn/protocol'
import { earningsAbi } from '../abi/earnings.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface EarningsClaim {
  readonly root: HashHex
  readonly totals: Counts
  /** Anchored rounds covered. */
  readonly rounds: number
}

export interface PendingEarnings extends EarningsClaim {
  readonly asserter: Account
  readonly settlesAtSeconds: number
  readonly isFinal: boolean
  /** Links that it covers: its rounds, and, if final, the link that closed the chain. */
  readonly links: number
}

export interface EarningsOnChain {
  /** What withdrawals are proved against; all zero before the first settlement. A final one shows in the job's status. */
  readonly settled: EarningsClaim
  readonly pending: PendingEarnings | undefined
}

/** Reads a job's settled and pending earnings. */
export async function readEarnings(client: ChainClient, job: JobId): Promise<EarningsOnChain> {
  const { reader, addresses } = client
  const args = [toBytes32(job)] as const
  const request = { address: addresses.earnings, abi: earningsAbi, functionName: 'earningsOf', args } as const
  const [settled, { settlesAt, asserter, isFinal, links, ...claim }] = await onChain(client, () =>
    reader.readContract(request),
  )
  const pending = { ...toClaim(claim), asserter, isFinal, links, settlesAtSeconds: settlesAt }
  return { settled: toClaim(settled), pending: settlesAt === 0 ? undefined : pending }
}

/** Reads which link is counted next for an account under the pending assertion; undefined before the first was. */
export async function readTally(client: ChainClient, job: JobId, account: Account): Promise<number | undefined> {
  const { reader, addresses } = client
  const args = [toBytes32(job), account] as const
  const request = { address: addresses.earnings, abi: earningsAbi, functionName: 'tallyOf', args } as const
  const { next } = await onChain(client, () => reader.readContract(request))
  return next === 0 ? undefined : next
}

/** Reads how much an account has taken from a job. */
export function readWithdrawn(client: ChainClient, job: JobId, account: Account): Promise<bigint> {
  const { reader, addresses } = client
  const args = [toBytes32(job), account] as const
  const request = { address: addresses.earnings, abi: earningsAbi, functionName: 'withdrawn', args } as const
  return onChain(client, () => reader.readContract(request))
}

const toClaim = ({ root, totals, rounds }: { root: Account; totals: Counts; rounds: number }): EarningsClaim => ({
  root: fromBytes32(root),
  totals,
  rounds,
})
