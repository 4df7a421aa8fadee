import type { NetworkParameters } from '@cairn/protocol'
import { registryAbi } from '../abi/registry.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'

/** Reads what the network fixed when it was deployed. */
export function readParameters(client: ChainClient): Promise<NetworkParameters> {
  const { reader, addresses } = client
  return onChain(client, () =>
    reader.readContract({ address: addresses.registry, abi: registryAbi, functionName: 'parameters' }),
  )
}
