import type { Account } from '@cairn/protocol'
import { registryAbi } from '../abi/registry.ts'
import { onChain } from '../chain/errors.ts'
import { type NodeOnChain, toNodeOnChain } from '../chain/node-on-chain.ts'
import type { ChainClient } from '../chain-client.ts'

/** Reads an account's registration and stake; all zero where there is none. */
export async function readNode(client: ChainClient, account: Account): Promise<NodeOnChain> {
  const { reader, addresses } = client
  const request = { address: addresses.registry, abi: registryAbi, functionName: 'nodeOf', args: [account] } as const
  return toNodeOnChain(account, await onChain(client, () => reader.readContract(request)))
}
