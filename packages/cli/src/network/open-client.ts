/** A person's connection to a network: its chain, and its coordinators to ask. */
import { readToken, type TokenFacts } from '@cairn/contracts'
import { connectClient, type NetworkClient } from '@cairn/node'
import type { NodeKey } from '@cairn/node/keys'
import { ResourceError } from '@cairn/primitives'
import { findNetwork, type LocatedNetwork } from './network-file.ts'
import { openContracts } from './open-chain.ts'

export interface OpenClient extends LocatedNetwork {
  readonly client: NetworkClient
  readonly token: TokenFacts
}

const isStarting = (path: string): ResourceError =>
  new ResourceError('NetworkStarting', 'The network is not up yet: it has no coordinator to speak to.', {
    path: `${path}: bootstrap`,
    expected: 'the address of a coordinator',
    found: 'none',
    fix: 'Wait until `cairn up` says that the network is up, or start it again.',
  })

/**
 * Connects to a network for as long as some work takes. The key pays and signs on the chain; among peers a person is a
 * stranger with a new name each time, since a node may be running under the key's own. Throws what finding the network
 * and `connectClient` throw.
 */
export async function withClient<T>(
  options: { readonly network?: string | undefined },
  work: (open: OpenClient) => Promise<T>,
  key?: NodeKey,
): Promise<T> {
  const located = await findNetwork({ named: options.network })
  const { network } = located
  if (network.bootstrap.length === 0) throw isStarting(located.path)
  const chain = await openContracts(network, key?.evmPrivateKey())
  const client = await connectClient({ network })
  try {
    return await work({ ...located, client: { ...client, chain }, token: await readToken(chain) })
  } finally {
    await client.stop()
  }
}
