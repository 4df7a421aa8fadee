import { registryAbi } from '../abi/registry.ts'
import { onChain } from '../chain/errors.ts'
import { type NodeOnChain, toNodeOnChain } from '../chain/node-on-chain.ts'
import { allPages } from '../chain/pages.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Lists registered nodes in the order of their first registration; `start` skips as many.
 * Whoever uses a peer key checks its signature first: the chain cannot, and anybody may have copied it.
 */
export function listNodes(client: ChainClient, start = 0): Promise<NodeOnChain[]> {
  const { reader, addresses } = client
  return allPages(start, async (from, count) => {
    const args = [from, count] as const
    const request = { address: addresses.registry, abi: registryAbi, functionName: 'nodesFrom', args } as const
    const [accounts, nodes] = await onChain(client, () => reader.readContract(request))
    return accounts.map((account, i) => toNodeOnChain(account, nodes[i]!))
  })
}
