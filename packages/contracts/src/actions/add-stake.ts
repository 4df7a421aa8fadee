import { encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import type { CallResult } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'
import { spend } from './spend.ts'

/** Adds to the caller's stake, which it first allows the Registry to take. Refused: `ZeroAmount`, `ERC20InsufficientBalance`. */
export function addStake(client: ChainClient, amount: bigint): Promise<CallResult> {
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'stake', args: [amount] })
  return spend(client, amount, { to: client.addresses.registry, data })
}
