/** A fresh chain with a network on it, for tests: a client for each of its accounts, and a clock that can be moved. */
import type { Account, NetworkParameters } from '@cairn/protocol'
import { privateKeyToAddress } from 'viem/accounts'
import { type ChainClient, createChainClient, createConnection } from '../chain-client.ts'
import { advanceChain } from '../conformance/clock.ts'
import { deploy } from '../deploy.ts'
import { type LocalChain, startLocalChain } from '../local-chain.ts'
import { localParameters } from '../local-parameters.ts'

/** Long enough that a slow machine does not outlive them: the chain's clock runs on. */
const PERIODS = {
  challengeSeconds: 30,
  maximumDelaySeconds: 5,
  leaseSeconds: 120,
  cancelSeconds: 90,
  pauseSeconds: 40,
  pauseIntervalSeconds: 150,
}

export interface TestNetwork {
  readonly chain: LocalChain
  readonly parameters: NetworkParameters
  /** One for each account of the chain; the first deployed the contracts, the second is the guardian. */
  readonly clients: readonly ChainClient[]
  /** Makes the next block this much later, and every block after it. */
  advance(seconds: number): Promise<void>
}

export const accountOf = (client: ChainClient): Account => client.account!

/** Starts anvil and deploys a network, with local parameters but longer periods, except for those given. */
export async function startTestNetwork(changes: Partial<NetworkParameters> = {}): Promise<TestNetwork> {
  const chain = await startLocalChain()
  const guardian = privateKeyToAddress(chain.keys[1]!)
  const parameters = { ...localParameters, ...PERIODS, guardian, ...changes }
  const options = { rpcUrl: chain.rpcUrl, chainId: chain.chainId, pollingMs: 5 }
  const addresses = await deploy(createConnection({ ...options, privateKey: chain.keys[0]! }), { parameters })
  const clients = chain.keys.map(privateKey => createChainClient({ ...options, privateKey }, addresses))
  const advance = (seconds: number) => advanceChain(chain, seconds)
  return { chain, parameters, clients, advance }
}
