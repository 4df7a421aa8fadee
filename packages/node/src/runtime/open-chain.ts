/** The chain of a network, with the checks that everybody begins with. */
import {
  type ChainClient,
  checkChain,
  checkNetwork,
  createChainClient,
  createConnection,
  readAddresses,
} from '@cairn/contracts'
import type { NodeKey } from '../keys/node-key.ts'
import type { NetworkFile } from './network-file.ts'

/** Opens it; without a key, to read only. Throws `InputError` and `ResourceError` of the chain's checks. */
export async function openChain(network: NetworkFile, key?: NodeKey): Promise<ChainClient> {
  const { rpcUrl, chainId, escrow } = network
  const options = { rpcUrl, chainId, pollingMs: 50, ...(key === undefined ? {} : { privateKey: key.evmPrivateKey() }) }
  const connection = createConnection(options)
  await checkChain(connection)
  const client = createChainClient(options, await readAddresses(connection, escrow))
  await checkNetwork(client)
  return client
}
