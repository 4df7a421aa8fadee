/** A person's connection to a network: its chain, and its coordinators to ask. */
import { readToken, type TokenFacts } from '@cairn/contracts'
import { connectClient, type NetworkClient } from '@cairn/node'
import type { NodeKey } from '@cairn/node/keys'
import { findNetwork, type LocatedNetwork } from './network-file.ts'

export interface OpenClient extends LocatedNetwork {
  readonly client: NetworkClient
  readonly token: TokenFacts
}

/** Connects to a network for as long as some work takes. Throws what finding the network and `connectClient` throw. */
export async function withClient<T>(
  options: { readonly network?: string | undefined },
  work: (open: OpenClient) => Promise<T>,
  key?: NodeKey,
): Promise<T> {
  const located = await findNetwork({ named: options.network })
  const client = await connectClient({ network: located.network, ...(key && { key }) })
  try {
    return await work({ ...located, client, token: await readToken(client.chain) })
  } finally {
    await client.stop()
  }
}
