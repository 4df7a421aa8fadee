import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { fromClaimRecord } from '../chain/claim-record.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** A link and the block that has it. */
export interface LinkPlace {
  readonly head: HashHex
  readonly blockNumber: bigint
}

/**
 * Reads what the works of a link claim, in their order: the chain was shown it with the link, so nobody who did the work has to be
 * asked. Undefined where that block has no such link.
 */
export async function readClaims(
  client: ChainClient,
  { head, blockNumber }: LinkPlace,
): Promise<UnitClaim[] | undefined> {
  const block = { fromBlock: blockNumber, toBlock: blockNumber }
  const filter = { eventName: 'Claimed', args: { head: toBytes32(head) }, ...block, strict: true } as const
  return onChain(client, async () => {
    const { reader, addresses } = client
    const [event] = await reader.getContractEvents({ address: addresses.anchors, abi: anchorsAbi, ...filter })
    return event?.args.claims.map(fromClaimRecord)
  })
}
