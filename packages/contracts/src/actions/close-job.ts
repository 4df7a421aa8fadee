import type { JobId } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { escrowAbi } from '../abi/escrow.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Closes a job that is final, or whose cancel window is over, and refunds the submitter. Anybody may.
 * Refused: `JobUnknown`, `AssertionPending`, `NotClosable`.
 */
export function closeJob(client: ChainClient, job: JobId): Promise<CallResult<{ readonly refund: bigint }>> {
  const data = encodeFunctionData({ abi: escrowAbi, functionName: 'close', args: [toBytes32(job)] })
  return call(client, { to: client.addresses.escrow, data }, ({ logs }) => {
    const [closed] = parseEventLogs({ abi: escrowAbi, eventName: 'Closed', logs })
    return { refund: closed!.args.refund }
  })
}
