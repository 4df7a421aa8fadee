import type { JobId } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { escrowAbi } from '../abi/escrow.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Cancels the caller's job: no more anchors, and a window for its final earnings.
 * Refused: `JobUnknown`, `NotSubmitter`, `JobNotOpen`.
 */
export function cancelJob(client: ChainClient, job: JobId): Promise<CallResult> {
  const data = encodeFunctionData({ abi: escrowAbi, functionName: 'cancel', args: [toBytes32(job)] })
  return call(client, { to: client.addresses.escrow, data })
}
