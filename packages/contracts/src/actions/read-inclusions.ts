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
  /** Where its worker says that the record of the unit is found. */
  readonly document: HashHex
}

/**
 * Reads what workers included for the round that follows a head of a job, in their order; also what binds nobody any more.
 * PERF: events are read only where there is something: mostly there is not.
 */
export async function readInclusions(client: ChainClient, job: JobId, head: HashHex): Promise<InclusionOnChain[]> {
  const { reader, addresses } = client
  const [id, after] = [toBytes32(job), toBytes32(head)]
  const anchors = { address: addresses.anchors, abi: anchorsAbi } as const
  return onChain(client, async () => {
    const all = await reader.readContract({ ...anchors, functionName: 'includedAfter', args: [id, after] })
    if (all.length === 0) return []
    const filter = { eventName: 'Included', args: { job: id, head: after }, fromBlock: 0n, strict: true } as const
    const events = await reader.getContractEvents({ ...anchors, ...filter })
    return events.map(({ args: { worker, index, claim, bindsUntil, document } }) => ({
      ...{ worker, index, claim: fromBytes32(claim), document: fromBytes32(document) },
      bindsUntilSeconds: bindsUntil,
    }))
  })
}
