import type { HashHex } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface EndRequest {
  readonly job: JobId
  readonly epoch: number
  readonly previousHead: HashHex
  /** Blob id of the document that says where the job diverged. */
  readonly documentId: HashHex
}

/**
 * Ends a job that diverged in the round after its last anchor. Refused: as `anchorRound`, without `WrongRound`.
 */
export function endJob(client: ChainClient, request: EndRequest): Promise<CallResult> {
  const { job, epoch, previousHead, documentId } = request
  const args = [toBytes32(job), epoch, toBytes32(previousHead), toBytes32(documentId)] as const
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'end', args })
  return call(client, { to: client.addresses.anchors, data })
}
