import { encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/** Pays out what has unbonded. Refused: `NothingUnbonding`, `StillUnbonding`. */
export function withdrawStake(client: ChainClient): Promise<CallResult> {
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'withdrawStake' })
  return call(client, { to: client.addresses.registry, data })
}
