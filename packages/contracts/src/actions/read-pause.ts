import { registryAbi } from '../abi/registry.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'

export interface PauseState {
  /** New submissions, leases and assertions are refused before this time. */
  readonly pausedUntilSeconds: number
  /** The guardian cannot pause again before this time. */
  readonly pausableFromSeconds: number
}

/** Reads whether the guardian has paused the network. Both times are 0 before the first pause. */
export function readPause(client: ChainClient): Promise<PauseState> {
  const contract = { address: client.addresses.registry, abi: registryAbi } as const
  return onChain(client, async () => {
    const [pausedUntilSeconds, pausableFromSeconds] = await Promise.all([
      client.reader.readContract({ ...contract, functionName: 'pausedUntil' }),
      client.reader.readContract({ ...contract, functionName: 'pausableFrom' }),
    ])
    return { pausedUntilSeconds, pausableFromSeconds }
  })
}
