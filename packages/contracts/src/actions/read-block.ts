import type { HashHex } from '@cairn/primitives'
import { BlockNotFoundError } from 'viem'
import { onChain } from '../chain/errors.ts'
import { fromBytes32 } from '../chain/hex.ts'
import type { ChainConnection } from '../chain-client.ts'

export interface BlockOnChain {
  readonly number: bigint
  readonly hash: HashHex
  readonly timestampSeconds: number
}

/** Reads a block; undefined for one that is not there yet. */
export function readBlock(connection: ChainConnection, blockNumber: bigint): Promise<BlockOnChain | undefined> {
  return onChain(connection, async () => {
    const found = await connection.reader.getBlock({ blockNumber }).catch((error: unknown) => {
      if (error instanceof BlockNotFoundError) return undefined
      throw error
    })
    if (found === undefined) return undefined
    return { number: blockNumber, hash: fromBytes32(found.hash), timestampSeconds: Number(found.timestamp) }
  })
}

/** Reads the number of the chain's last block. */
export const latestBlockNumber = (connection: ChainConnection): Promise<bigint> =>
  onChain(connection, () => connection.reader.getBlockNumber())
