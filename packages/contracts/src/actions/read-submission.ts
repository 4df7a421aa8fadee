import type { JobId } from '@cairn/protocol'
import { escrowAbi } from '../abi/escrow.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** Reads in which block a job was submitted, from its event; undefined for one that was not. */
export function readSubmission(client: ChainClient, job: JobId): Promise<bigint | undefined> {
  const { reader, addresses } = client
  const filter = {
    address: addresses.escrow,
    abi: escrowAbi,
    eventName: 'Submitted',
    args: { job: toBytes32(job) },
  } as const
  return onChain(client, async () => {
    const [submitted] = await reader.getContractEvents({ ...filter, fromBlock: 0n, strict: true })
    return submitted?.blockNumber
  })
}
