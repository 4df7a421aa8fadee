import type { HashHex } from '@cairn/primitives'
import { type Account, type Anchor, answeringIn, type JobId } from '@cairn/protocol'
import { isAddressEqual } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { fromAnchorRecord } from '../chain/anchor-record.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** A work or an attestation of a link that a rewind took out of its job's chain. */
export interface VoidWork {
  readonly anchor: Anchor
  /** In the link: its works come first, then its attestations. */
  readonly position: number
  /** Head of the link whose claim was proven wrong. */
  readonly wrong: HashHex
  /** From when its bond may be freed, if no game about it is open then. */
  readonly releasableAtSeconds: number
  readonly bond: 'locked' | 'freed' | 'slashed'
}

const BONDS = ['locked', 'freed', 'slashed'] as const

/** Lists an account's works and attestations of a job that a rewind made void, in the order in which they were anchored. */
export async function listVoidWorks(client: ChainClient, job: JobId, account: Account): Promise<VoidWork[]> {
  const { reader, addresses } = client
  const anchors = { address: addresses.anchors, abi: anchorsAbi } as const
  const links = { ...anchors, fromBlock: 0n, strict: true, args: { job: toBytes32(job) } } as const

  async function workOn(head: `0x${string}`, anchor: Anchor, position: number): Promise<VoidWork[]> {
    const { by, until } = await reader.readContract({ ...anchors, functionName: 'voidOf', args: [head] })
    if (until === 0) return []
    const bond = await reader.readContract({ ...anchors, functionName: 'bondOf', args: [head, position] })
    const about = { wrong: fromBytes32(by), releasableAtSeconds: until, bond: BONDS[bond] as VoidWork['bond'] }
    return [{ anchor, position, ...about }]
  }

  return onChain(client, async () => {
    const [anchored, ended] = await Promise.all([
      reader.getContractEvents({ ...links, eventName: 'Anchored' }),
      reader.getContractEvents({ ...links, eventName: 'Ended' }),
    ])
    const own = [...anchored, ...ended].flatMap(({ args: { head, anchor: record } }) => {
      const anchor = fromAnchorRecord(record)
      return answeringIn(anchor).flatMap((by, position) =>
        isAddressEqual(by, account) ? [workOn(head, anchor, position)] : [],
      )
    })
    return (await Promise.all(own)).flat()
  })
}
