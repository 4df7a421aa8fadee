import type { JobId } from '@cairn/protocol'
import { escrowAbi } from '../abi/escrow.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32 } from '../chain/hex.ts'
import { type JobOnChain, toJobOnChain } from '../chain/job-on-chain.ts'
import { allPages } from '../chain/pages.ts'
import type { ChainClient } from '../chain-client.ts'

/** Lists jobs in the order of their submission; `start` skips as many. */
export function listJobs(client: ChainClient, start = 0): Promise<JobOnChain[]> {
  const { reader, addresses } = client
  return allPages(start, async (from, count) => {
    const args = [from, count] as const
    const request = { address: addresses.escrow, abi: escrowAbi, functionName: 'jobsFrom', args } as const
    const [keys, jobs] = await onChain(client, () => reader.readContract(request))
    return keys.map((key, i) => toJobOnChain(fromBytes32<JobId>(key), jobs[i]!))
  })
}
