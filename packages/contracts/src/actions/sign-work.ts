import type { Signature, SignedMessage } from '@cairn/protocol'
import { requireWriter } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'
import { workDigest } from '../work-signatures.ts'

/**
 * Signs with the client's account what an anchor or an inclusion shows: a unit, an outer step, a lease, custody. Sends nothing.
 * Throws `InputError` (`NoKey`).
 */
export async function signWork(client: ChainClient, message: SignedMessage): Promise<Signature> {
  const { account } = requireWriter(client)
  const domain = { chainId: client.chainId, anchors: client.addresses.anchors }
  return account.sign!({ hash: workDigest(domain, message) })
}
