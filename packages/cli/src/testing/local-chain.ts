/** A local chain with a network on it and no nodes: what commands about money need, in two seconds. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type LocalChain, startLocalChain } from '@cairn/contracts'
import type { PublicKeys } from '@cairn/node/keys'
import { type NetworkFile, writeNetworkFile } from '../network/network-file.ts'
import { localContracts } from '../network/up/local-contracts.ts'
import { localKeys } from '../network/up/local-keys.ts'
import { cairn, type Ran } from './run-cairn.ts'

export interface TestChain {
  readonly chain: LocalChain
  readonly directory: string
  readonly network: NetworkFile
  /** Of the network file. */
  readonly path: string
  readonly keys: Readonly<Record<'submitter' | 'node' | 'other', PublicKeys>>
  /** Runs a command on this network. */
  readonly run: (...args: readonly string[]) => Promise<Ran>
  /** Writes a network file with changes, and returns its path. */
  readonly changed: (change: Partial<NetworkFile>) => Promise<string>
  /** Moves the chain's clock. */
  readonly advance: (seconds: number) => Promise<void>
}

/** Short, so that nobody waits. */
export const CHALLENGE_SECONDS = 2

/** Starts the chain and deploys a network on it. */
export async function startTestChain(): Promise<TestChain> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-network-'))
  const stateFile = join(directory, 'state.json')
  const chain = await startLocalChain({ stateFile })
  const { rpcUrl, chainId } = chain
  const escrow = await localContracts({ rpcUrl, chainId, stateFile }, undefined, CHALLENGE_SECONDS)
  const network: NetworkFile = { format: 'cairn/network/v1', rpcUrl, chainId, escrow, bootstrap: [], hasFaucet: true }
  const path = await writeNetworkFile(directory, network)
  const keys = (await localKeys(directory, ['submitter', 'node', 'other'])) as TestChain['keys']
  const { reader } = createConnection(chain)
  return {
    chain,
    directory,
    network,
    path,
    keys,
    run: (command = '', ...args) => cairn(command, '--network', path, ...args),
    changed: change => writeNetworkFile(mkdtempSync(join(directory, 'changed-')), { ...network, ...change }),
    async advance(seconds) {
      await reader.request({ method: 'evm_increaseTime', params: [seconds] } as never)
      await reader.request({ method: 'evm_mine', params: [] } as never)
    },
  }
}
