import { encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Starts unbonding a part of the caller's stake that backs nothing; what was unbonding already waits again.
 * Refused: `ZeroAmount`, `StakeTooLow`.
 */
export function requestUnstake(client: ChainClient, amount: bigint): Promise<CallResult> {
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'unstake', args: [amount] })
  return call(client, { to: client.addresses.registry, data })
}
