import type { HashHex } from '@cairn/primitives'
import type { Anchor, JobId } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { fromAnchorRecord } from '../chain/anchor-record.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { readAnchors } from './read-anchors.ts'

export interface AnchorEvent extends Anchor {
  readonly head: HashHex
  /** Whether it closed the chain: then it is no round. */
  readonly isClosing: boolean
  /** The round's beacon is drawn from a block after this one. */
  readonly blockNumber: bigint
  readonly transaction: `0x${string}`
}

/**
 * Lists the links of a job's chain in round order, from events; `fromRound` skips earlier ones. A link that closed the
 * chain comes last, with the number of rounds for its round. What a rewind made void is left out.
 */
export async function listAnchors(client: ChainClient, job: JobId, fromRound = 0): Promise<AnchorEvent[]> {
  const contract = { address: client.addresses.anchors, abi: anchorsAbi } as const
  const { rounds, isEnded } = await readAnchors(client, job)
  const length = rounds + Number(isEnded)
  if (fromRound >= length) return []
  return onChain(client, async () => {
    const args = [toBytes32(job), fromRound] as const
    // The contract keeps each anchor's block, so that no node has to search the whole chain for events.
    const { blockNumber: fromBlock } = await client.reader.readContract({ ...contract, functionName: 'linkOf', args })
    const filter = { ...contract, args: { job: args[0] }, fromBlock, strict: true } as const
    const [anchored, ended] = await Promise.all([
      client.reader.getContractEvents({ ...filter, eventName: 'Anchored' }),
      client.reader.getContractEvents({ ...filter, eventName: 'Ended' }),
    ])
    const found = new Map<number, AnchorEvent>()
    // Of several links of a round, the last one stands.
    for (const { args: event, eventName, blockNumber, transactionHash } of [...anchored, ...ended].sort(inOrder)) {
      const isClosing = eventName === 'Ended'
      const about = { head: fromBytes32(event.head), isClosing, blockNumber, transaction: transactionHash }
      found.set(event.round, { ...fromAnchorRecord(event.anchor), ...about })
    }
    return [...found.values()]
      .filter(({ round }) => round >= fromRound && round < length)
      .sort((a, b) => a.round - b.round)
  })
}

interface Place {
  readonly blockNumber: bigint
  readonly logIndex: number
}

const inOrder = (a: Place, b: Place): number => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex
