/**
 * A connection to a chain: viem clients for reading and, with a key, for writing, and the queue that keeps one
 * account's transactions in order. Two processes must not share a key.
 */
import type { Account } from '@cairn/protocol'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type LocalAccount,
  type PublicClient,
  type WalletClient,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createQueue, type Queue } from './chain/queue.ts'
import type { NetworkAddresses } from './network-addresses.ts'

export interface ChainOptions {
  readonly rpcUrl: string
  readonly chainId: number
  /** 0x and 64 hex digits; left out, the connection only reads. */
  readonly privateKey?: `0x${string}`
  /** How often a receipt is asked for. */
  readonly pollingMs?: number
  /** How long one request may take. */
  readonly requestTimeoutMs?: number
  /** How long a transaction may stay out of a block. */
  readonly receiptTimeoutMs?: number
  /** Blocks, its own included, that a transaction's block must have below it before a write returns. */
  readonly confirmations?: number
}

export interface ChainConnection {
  readonly rpcUrl: string
  readonly chainId: number
  readonly account: Account | undefined
  readonly reader: PublicClient
  readonly writer: Writer | undefined
  readonly receiptTimeoutMs: number
  readonly confirmations: number
}

export interface Writer {
  readonly account: LocalAccount
  readonly wallet: WalletClient
  /** Runs one at a time what picks a nonce. */
  readonly queue: Queue
  /** Runs one at a time what first allows a contract to take tokens: an allowance is one number for all takings. */
  readonly spending: Queue
}

/** A connection to one network's contracts: what every action takes. */
export interface ChainClient extends ChainConnection {
  readonly addresses: NetworkAddresses
}

/** Makes a connection. Sends nothing yet: `checkChain` and `checkNetwork` tell whether somebody answers. */
export function createConnection(options: ChainOptions): ChainConnection {
  const { rpcUrl, chainId, privateKey, pollingMs = 200, requestTimeoutMs = 10_000 } = options
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { timeout: requestTimeoutMs, retryCount: 1 })
  // cacheTime 0: a block number from the cache would make an action miss what the action before it wrote.
  const common = { chain, transport, cacheTime: 0, pollingInterval: pollingMs }
  const account = privateKey === undefined ? undefined : privateKeyToAccount(privateKey)
  return {
    rpcUrl,
    chainId,
    account: account?.address,
    reader: createPublicClient(common),
    writer: account && createWriter(account, createWalletClient({ ...common, account })),
    receiptTimeoutMs: options.receiptTimeoutMs ?? 120_000,
    confirmations: options.confirmations ?? 1,
  }
}

const createWriter = (account: LocalAccount, wallet: WalletClient): Writer => ({
  account,
  wallet,
  queue: createQueue(),
  spending: createQueue(),
})

/** Makes a connection to the contracts at these addresses. */
export const createChainClient = (options: ChainOptions, addresses: NetworkAddresses): ChainClient => ({
  ...createConnection(options),
  addresses,
})
