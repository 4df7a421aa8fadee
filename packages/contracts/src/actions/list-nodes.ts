import type { Account } from '@cairn/protocol'
import { concat, getAbiItem, hexToBytes } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { onChain } from '../chain/errors.ts'
import { type NodeOnChain, toNodeOnChain } from '../chain/node-on-chain.ts'
import { allPages } from '../chain/pages.ts'
import type { ChainClient } from '../chain-client.ts'

/** What was known of a node at a block. */
export type NodeAtBlock = Pick<NodeOnChain, 'account' | 'owner' | 'verifies' | 'peerKey' | 'signature' | 'stake'>

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

const EVENTS = [
  getAbiItem({ abi: registryAbi, name: 'Registered' }),
  getAbiItem({ abi: registryAbi, name: 'Staked' }),
  getAbiItem({ abi: registryAbi, name: 'UnstakeRequested' }),
  getAbiItem({ abi: registryAbi, name: 'Slashed' }),
] as const

/**
 * Lists the nodes that are registered after a block, in the order of `listNodes`. Read from events: few RPC services keep the
 * state of old blocks, and no local chain does that was started again.
 */
export function listNodesAt(client: ChainClient, blockNumber: bigint): Promise<NodeAtBlock[]> {
  const { reader, addresses } = client
  const range = { fromBlock: 0n, toBlock: blockNumber } as const
  return onChain(client, async () => {
    const logs = await reader.getLogs({ address: addresses.registry, events: EVENTS, ...range, strict: true })
    const nodes = new Map<Account, Omit<NodeAtBlock, 'stake'>>()
    const stakes = new Map<Account, bigint>()
    for (const { eventName, args } of logs) {
      if (eventName === 'Registered') {
        const { node: account, owner, verifies } = args
        const keys = { peerKey: hexToBytes(args.peerKey), signature: hexToBytes(concat([...args.signature])) }
        nodes.set(account, { account, owner, verifies, ...keys })
      } else {
        const change = eventName === 'Staked' ? args.amount : -args.amount
        stakes.set(args.node, (stakes.get(args.node) ?? 0n) + change)
      }
    }
    return [...nodes.values()].map(node => ({ ...node, stake: stakes.get(node.account) ?? 0n }))
  })
}
