/** A development chain with the contracts on it, for cases that need one but no whole network. */
import {
  type CallDone,
  type CallResult,
  type ChainClient,
  createChainClient,
  createConnection,
  deploy,
  faucet,
  type LocalChain,
  localParametersFor,
  type NetworkAddresses,
  startLocalChain,
} from '@cairn/contracts'
import { ResourceError } from '@cairn/primitives'
import type { Account, NetworkParameters } from '@cairn/protocol'
import type { Scope } from './scope.ts'

export interface BenchChain {
  readonly chain: LocalChain
  readonly addresses: NetworkAddresses
  /** Acts for an account by its private key. */
  client(privateKey: `0x${string}`): ChainClient
}

const POLLING_MS = 5

/** Starts anvil and deploys the contracts with its first account. */
export async function startChain(scope: Scope, changes: Partial<NetworkParameters> = {}): Promise<BenchChain> {
  const chain = await startLocalChain()
  scope.add(chain.stop)
  const options = { rpcUrl: chain.rpcUrl, chainId: chain.chainId, pollingMs: POLLING_MS }
  const deployer = createConnection({ ...options, privateKey: chain.keys[0] as `0x${string}` })
  const addresses = await deploy(deployer, {
    parameters: { ...localParametersFor({ challengeSeconds: 2 }), ...changes },
  })
  return { chain, addresses, client: privateKey => createChainClient({ ...options, privateKey }, addresses) }
}

/** Insists that a contract took a call. */
export function done<Value>(result: CallResult<Value>): CallDone & Value {
  if (result.ok) return result
  throw new ResourceError('ChainRefused', `The contracts refused a call of the benchmark: ${result.reason}`)
}

export const accountOf = ({ account }: ChainClient): Account => account as Account

/** Mints test tokens for a client's own account. */
export const mint = async (client: ChainClient, amount: bigint): Promise<void> => {
  done(await faucet(client, accountOf(client), amount))
}
