import { encodeFunctionData } from 'viem'
import { registryAbi } from '../abi/registry.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/** Stops new submissions, leases and assertions for the network's pause. Refused: `NotGuardian`, `PauseTooSoon`. */
export function pauseNetwork(client: ChainClient): Promise<CallResult> {
  return call(client, {
    to: client.addresses.registry,
    data: encodeFunctionData({ abi: registryAbi, functionName: 'pause' }),
  })
}

/** Ends a pause early. Refused: `NotGuardian`. */
export function resumeNetwork(client: ChainClient): Promise<CallResult> {
  return call(client, {
    to: client.addresses.registry,
    data: encodeFunctionData({ abi: registryAbi, functionName: 'unpause' }),
  })
}
