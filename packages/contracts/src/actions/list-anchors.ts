import type { HashHex } from '@cairn/primitives'
import type { Account, Anchor, JobId } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface AnchorEvent extends Anchor {
  readonly head: HashHex
  readonly holder: Account
  /** The round's beacon is drawn from a block after this one. */
  readonly blockNumber: bigint
  readonly transaction: `0x${string}`
}

/** Lists a job's anchors in round order, from events; `fromRound` skips earlier ones. */
export async function listAnchors(client: ChainClient, job: JobId, fromRound = 0): Promise<AnchorEvent[]> {
  const contract = { address: client.addresses.anchors, abi: anchorsAbi } as const
  return onChain(client, async () => {
    const args = [toBytes32(job), fromRound] as const
    // The contract keeps each anchor's block, so that no node has to search the whole chain for events.
    const fromBlock = await client.reader.readContract({ ...contract, functionName: 'blockOf', args })
    if (fromBlock === 0n) return []
    const filter = { ...contract, eventName: 'Anchored', args: { job: args[0] }, fromBlock, strict: true } as const
    const events = await client.reader.getContractEvents(filter)
    return events
      .map(({ args: event, blockNumber, transactionHash: transaction }) => ({
        round: event.round,
        globalRoot: fromBytes32(event.globalRoot),
        documentId: fromBytes32(event.documentId),
        head: fromBytes32(event.head),
        holder: event.holder,
        blockNumber,
        transaction,
      }))
      .filter(({ round }) => round >= fromRound)
  })
}
