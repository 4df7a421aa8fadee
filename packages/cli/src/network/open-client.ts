/** A person's connection to a network: its chain, and its coordinators to ask. */
import { readToken, type TokenFacts } from '@cairn/contracts'
import { connectClient, type NetworkClient } from '@cairn/node'
import { ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import type { KeyOptions } from './key-place.ts'
import { findNetwork, type LocatedNetwork } from './network-file.ts'
import { openContracts, unlockKey } from './open-chain.ts'

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

/** Connects for as long as some work takes; `chain` is what the work writes with. */
async function connected<T>(
  located: LocatedNetwork,
  privateKey: `0x${string}` | undefined,
  work: (open: OpenClient) => Promise<T>,
): Promise<T> {
  const { network, path } = located
  if (network.bootstrap.length === 0) throw isStarting(path)
  const chain = await openContracts(network, privateKey)
  const client = await connectClient({ network })
  try {
    return await work({ ...located, client: { ...client, chain }, token: await readToken(chain) })
  } finally {
    await client.stop()
  }
}

/** Connects to a network to ask it. Throws what finding the network and `connectClient` throw. */
export async function withClient<T>(
  options: { readonly network?: string | undefined },
  work: (open: OpenClient) => Promise<T>,
): Promise<T> {
  return connected(await findNetwork({ named: options.network }), undefined, work)
}

/**
 * Connects to a network with a key that pays and signs on the chain. Among peers a person is a stranger with a new name
 * each time, since a node may be running under the key's own.
 */
export async function withPayingClient<T>(
  options: KeyOptions,
  work: (open: OpenClient & { readonly account: Account }) => Promise<T>,
): Promise<T> {
  const located = await findNetwork({ named: options.network })
  const key = await unlockKey(options)
  return connected(located, key.evmPrivateKey(), open => work({ ...open, account: key.address }))
}
