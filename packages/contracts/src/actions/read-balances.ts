import type { Account } from '@cairn/protocol'
import { erc20Abi } from 'viem'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'
import { readNode } from './read-node.ts'

export interface Balances {
  /** What pays for gas, in wei. */
  readonly gasMoney: bigint
  /** Tokens in the account's hands, in the token's smallest unit, as the rest. */
  readonly tokens: bigint
  readonly stake: bigint
  /** Part of the stake that backs leases and assertions. */
  readonly locked: bigint
  /** Left the stake, not yet withdrawn. */
  readonly unbonding: bigint
}

/** Reads what an account has, in its own hands and in the Registry. */
export async function readBalances(client: ChainClient, account: Account): Promise<Balances> {
  const { reader, addresses } = client
  const request = { address: addresses.token, abi: erc20Abi, functionName: 'balanceOf', args: [account] } as const
  const [gasMoney, tokens, { stake, locked, unbonding }] = await Promise.all([
    onChain(client, () => reader.getBalance({ address: account })),
    onChain(client, () => reader.readContract(request)),
    readNode(client, account),
  ])
  return { gasMoney, tokens, stake, locked, unbonding }
}
