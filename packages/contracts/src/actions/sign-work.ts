import type { Signature, SignedMessage } from '@cairn/protocol'
import { requireWriter } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'
import { workDigest } from '../work-signatures.ts'

/**
 * Signs a unit or an outer step with the client's account, for an anchor that names it as the worker. Sends nothing.
 * Throws `InputError` (`NoKey`).
 */
export async function signWork(client: ChainClient, message: SignedMessage): Promise<Signature> {
  const { account } = requireWriter(client)
  const domain = { chainId: client.chainId, anchors: client.addresses.anchors }
  return account.sign!({ hash: workDigest(domain, message) })
}
