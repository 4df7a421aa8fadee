import type { Account } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/** Lets a node name the caller as its owner, or with `approved` false no longer. Never refused. */
export function approveNode(client: ChainClient, node: Account, approved = true): Promise<CallResult> {
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'approveNode', args: [node, approved] })
  return call(client, { to: client.addresses.registry, data })
}
