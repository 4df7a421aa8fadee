/** The contracts of a local network: deployed once, then found again on the same chain; and money for its accounts. */

import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  approveNode,
  createConnection,
  deploy,
  localParameters,
  localParametersFor,
  readAddresses,
  readBalances,
} from '@cairn/contracts'
import type { PublicKeys } from '@cairn/node/keys'
import { InputError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { give, strangersKey } from '../faucet.ts'
import type { NetworkFile } from '../network-file.ts'
import { openContracts, unlockKey } from '../open-chain.ts'
import { accepted } from '../refusals.ts'

export interface LocalChainFacts {
  readonly rpcUrl: string
  readonly chainId: number
  /** Where it is kept. */
  readonly stateFile: string
}

const lostChain = (directory: string, cause: unknown): InputError =>
  new InputError('ChainLost', 'This directory’s chain no longer has the contracts of its network.', {
    path: directory,
    expected: 'the chain that the network was made on',
    found: 'another chain, or an older copy',
    fix: 'Bring the chain back, or move the directory away to begin with a new network.',
    cause,
  })

/** Waits until the chain is on the disk, which it writes every second: a network that is remembered must be there. */
async function untilKept(path: string, sinceMs: number): Promise<void> {
  for (const until = Date.now() + 5000; Date.now() < until; await sleep(50)) {
    const kept = await stat(path).catch(() => undefined)
    if (kept !== undefined && kept.mtimeMs > sinceMs) return
  }
}

async function deployContracts(chain: LocalChainFacts, challengeSeconds: number): Promise<Account> {
  const { rpcUrl, chainId, stateFile } = chain
  const options = { rpcUrl, chainId, pollingMs: 20 }
  const privateKey = await strangersKey(createConnection(options))
  const parameters = localParametersFor({ challengeSeconds })
  const { escrow } = await deploy(createConnection({ ...options, privateKey }), { parameters })
  await untilKept(stateFile, Date.now())
  return escrow
}

/**
 * Finds the contracts that a network file remembers, or deploys new ones with a challenge window. Throws `InputError`
 * (`ChainLost`).
 */
export async function localContracts(
  chain: LocalChainFacts,
  known: NetworkFile | undefined,
  challengeSeconds: number,
): Promise<Account> {
  if (known === undefined) return deployContracts(chain, challengeSeconds)
  const connection = createConnection(chain)
  const { escrow } = await readAddresses(connection, known.escrow).catch((cause: unknown) => {
    throw cause instanceof InputError ? lostChain(chain.stateFile, cause) : cause
  })
  return escrow
}

/** What an account is given at once: a stake and some jobs are paid for with it. */
const PURSE = 100n * localParameters.minimumStake

/** Gives accounts that own less than half a purse, stake included, a whole one. */
export async function fundAccounts(network: NetworkFile, accounts: readonly Account[]): Promise<void> {
  const client = await openContracts(network)
  for (const account of accounts) {
    const { tokens, stake, gasMoney } = await readBalances(client, account)
    const isPoor = gasMoney === 0n || tokens + stake < PURSE / 2n
    if (isPoor) await give(client, account, PURSE)
  }
}

/** Lets the account of a key own nodes. */
export async function approveNodes(network: NetworkFile, key: string, nodes: readonly PublicKeys[]): Promise<void> {
  const client = await openContracts(network, (await unlockKey({ key })).evmPrivateKey())
  for (const { address } of nodes) accepted(await approveNode(client, address), address)
}
