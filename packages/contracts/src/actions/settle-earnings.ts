import type { JobId } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { earningsAbi } from '../abi/earnings.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Makes a pending assertion count once its challenge window has passed. Anybody may.
 * Refused: `NothingPending`, `ChallengeWindowOpen`.
 */
export function settleEarnings(client: ChainClient, job: JobId): Promise<CallResult> {
  const data = encodeFunctionData({ abi: earningsAbi, functionName: 'settle', args: [toBytes32(job)] })
  return call(client, { to: client.addresses.earnings, data })
}
