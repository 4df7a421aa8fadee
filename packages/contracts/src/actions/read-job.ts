import type { JobId } from '@cairn/protocol'
import { escrowAbi } from '../abi/escrow.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import { type JobOnChain, toJobOnChain } from '../chain/job-on-chain.ts'
import type { ChainClient } from '../chain-client.ts'

/** Reads what the Escrow holds of a job; undefined where nobody submitted it. */
export async function readJob(client: ChainClient, job: JobId): Promise<JobOnChain | undefined> {
  const { reader, addresses } = client
  const request = { address: addresses.escrow, abi: escrowAbi, functionName: 'jobOf', args: [toBytes32(job)] } as const
  const record = await onChain(client, () => reader.readContract(request))
  return record.status === 0 ? undefined : toJobOnChain(job, record)
}
