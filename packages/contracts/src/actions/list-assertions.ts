import type { HashHex } from '@cairn/primitives'
import type { Account, JobId, Leaf } from '@cairn/protocol'
import { earningsAbi } from '../abi/earnings.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { readLink } from './read-link.ts'

export interface AssertedEarnings {
  readonly asserter: Account
  readonly rounds: number
  readonly root: HashHex
  /** In the order of accounts. */
  readonly leaves: readonly Leaf[]
}

/** Lists what was asserted of a job's earnings so far, the oldest first. Nothing is earned before the first link. */
export async function listAssertions(client: ChainClient, job: JobId): Promise<AssertedEarnings[]> {
  const { blockNumber: fromBlock } = await readLink(client, job, 0)
  const filter = { address: client.addresses.earnings, abi: earningsAbi, eventName: 'Asserted' } as const
  const events = await onChain(client, () =>
    client.reader.getContractEvents({ ...filter, args: { job: toBytes32(job) }, fromBlock, strict: true }),
  )
  return events.map(({ args: { asserter, rounds, root, leaves } }) => ({
    asserter,
    rounds,
    root: fromBytes32(root),
    leaves,
  }))
}
