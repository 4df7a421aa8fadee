import type { JobId } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** Gives a lease back and frees its bond, whatever became of the job. Refused: `NotLeaseHolder`, `WrongEpoch`. */
export function releaseLease(client: ChainClient, job: JobId, epoch: number): Promise<CallResult> {
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'releaseLease', args: [toBytes32(job), epoch] })
  return call(client, { to: client.addresses.anchors, data })
}
