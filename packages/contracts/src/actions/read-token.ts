import { erc20Abi } from 'viem'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'

export interface TokenFacts {
  readonly symbol: string
  /** Digits after the point when amounts are shown. */
  readonly decimals: number
}

/** Reads how the network's token is called and shown. */
export function readToken(client: ChainClient): Promise<TokenFacts> {
  const contract = { address: client.addresses.token, abi: erc20Abi } as const
  return onChain(client, async () => {
    const [symbol, decimals] = await Promise.all([
      client.reader.readContract({ ...contract, functionName: 'symbol' }),
      client.reader.readContract({ ...contract, functionName: 'decimals' }),
    ])
    return { symbol, decimals }
  })
}
