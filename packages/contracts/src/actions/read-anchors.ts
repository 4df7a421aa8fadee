import type { HashHex } from '@cairn/primitives'
import type { Account, JobId } from '@cairn/protocol'
import { zeroAddress } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface AnchorsOnChain {
  /** Undefined when nobody holds the lease. It stays with its holder past `expiresAtSeconds`, until somebody takes it. */
  readonly holder: Account | undefined
  readonly epoch: number
  readonly expiresAtSeconds: number
  /** Rounds anchored; the number of the next round. */
  readonly rounds: number
  /** How many links of its chain are final: its rounds, then the link that closed the chain. */
  readonly finalRounds: number
  /** The chain is closed: no more rounds. */
  readonly isEnded: boolean
  readonly head: HashHex
  /** Of the global state after the last round; `NO_HASH` before the first. */
  readonly root: HashHex
  /** Hash of the replicas' claims in the last round; `NO_HASH` before the first. */
  readonly claims: HashHex
}

/** Reads a job's lease and the head of its chain. */
export async function readAnchors(client: ChainClient, job: JobId): Promise<AnchorsOnChain> {
  const { reader, addresses } = client
  const args = [toBytes32(job)] as const
  const request = { address: addresses.anchors, abi: anchorsAbi, functionName: 'anchorsOf', args } as const
  const { holder, epoch, expiresAt, rounds, finalRounds, ended, head, root, claims } = await onChain(client, () =>
    reader.readContract(request),
  )
  return {
    holder: holder === zeroAddress ? undefined : holder,
    epoch,
    expiresAtSeconds: expiresAt,
    rounds,
    finalRounds,
    isEnded: ended,
    head: fromBytes32(head),
    root: fromBytes32(root),
    claims: fromBytes32(claims),
  }
}
