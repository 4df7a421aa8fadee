import type { HashHex } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface LinkOnChain {
  readonly head: HashHex
  readonly blockNumber: bigint
  readonly anchoredAtSeconds: number
}

/** Reads when a link of a job's chain was added; all zero where there is none. */
export async function readLink(client: ChainClient, job: JobId, round: number): Promise<LinkOnChain> {
  const { reader, addresses } = client
  const args = [toBytes32(job), round] as const
  const request = { address: addresses.anchors, abi: anchorsAbi, functionName: 'linkOf', args } as const
  const { head, blockNumber, anchoredAt } = await onChain(client, () => reader.readContract(request))
  return { head: fromBytes32(head), blockNumber, anchoredAtSeconds: anchoredAt }
}
