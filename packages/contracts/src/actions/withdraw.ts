import type { HashHex } from '@cairn/primitives'
import type { EarningsLeaf } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { earningsAbi } from '../abi/earnings.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Pays a leaf's account what it earned and has not taken yet: zero when repeated. Anybody may.
 * Refused: `BadProof`, `PaidExceedsOwed`.
 */
export function withdraw(
  client: ChainClient,
  { job, account, counts }: EarningsLeaf,
  proof: readonly HashHex[],
): Promise<CallResult<{ readonly amount: bigint }>> {
  const args = [toBytes32(job), account, counts, proof.map(toBytes32)] as const
  const data = encodeFunctionData({ abi: earningsAbi, functionName: 'withdraw', args })
  return call(client, { to: client.addresses.earnings, data }, ({ logs }) => {
    const [withdrawn] = parseEventLogs({ abi: earningsAbi, eventName: 'Withdrawn', logs })
    return { amount: withdrawn?.args.amount ?? 0n }
  })
}
