import type { HashHex } from '@cairn/primitives'
import type { Account, JobId } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface InclusionOnChain {
  readonly worker: Account
  readonly index: number
  readonly claim: HashHex
  readonly bindsUntilSeconds: number
}

/** Reads what workers included for the round that follows a head of a job, in their order; also what binds nobody any more. */
export async function readInclusions(client: ChainClient, job: JobId, head: HashHex): Promise<InclusionOnChain[]> {
  const { reader, addresses } = client
  const args = [toBytes32(job), toBytes32(head)] as const
  const request = { address: addresses.anchors, abi: anchorsAbi, functionName: 'includedAfter', args } as const
  const all = await onChain(client, () => reader.readContract(request))
  return all.map(({ worker, index, claim, bindsUntil }) => ({
    ...{ worker, index, claim: fromBytes32(claim) },
    bindsUntilSeconds: bindsUntil,
  }))
}
