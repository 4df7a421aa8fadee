/** Puts a chain, a real coordinator and many toy nodes together. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localParameters, networkId } from '@cairn/contracts'
import { connectClient, type NetworkClient, type NetworkFile } from '@cairn/node'
import { createKey, type NodeKey } from '@cairn/node/keys'
import type { Account } from '@cairn/protocol'
import { type BenchChain, mint, startChain } from '../chain.ts'
import type { CaseContext } from '../context.ts'
import { type Helper, startHelper } from '../helper.ts'
import { giveGasMoney, registerAll } from './register.ts'

export interface Parts {
  readonly coordinator: Helper
  readonly toys: readonly Helper[]
  /** Pays for jobs and asks the coordinator. */
  readonly client: NetworkClient
}

const TOY_PROCESSES = 3
const PURSE = 10n ** 12n

interface Coordinating {
  readonly coordinator: Helper
  readonly peer: string
  readonly network: NetworkFile
}

async function startCoordinator({ scope, options }: CaseContext, chain: BenchChain): Promise<Coordinating> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
  scope.add(() => rm(directory, { recursive: true, force: true }))
  const { profile } = options
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const coordinator = startHelper(scope, 'leases/coordinator.ts', profiling)
  const { rpcUrl, chainId } = chain.chain
  const { escrow } = chain.addresses
  const network: NetworkFile = {
    ...{ format: 'cairn/network/v1', rpcUrl, chainId, escrow, bootstrap: [], hasFaucet: true },
  }
  await giveGasMoney(chain, await coordinator.ask<string>('account'))
  const { minimumStake, leaseBond, earningsBond } = localParameters
  const stake = minimumStake + leaseBond + earningsBond
  const { peer, addresses } = await coordinator.ask<{ peer: string; addresses: string[] }>('start', {
    ...{ directory, network, stake },
  })
  return { coordinator, peer, network: { ...network, bootstrap: addresses } }
}

async function startToys(
  { scope }: CaseContext,
  keys: readonly NodeKey[],
  { network, peer }: Coordinating,
  anchors: Account,
) {
  const { chainId, escrow, bootstrap } = network
  const all = keys.map(key => ({ accountKey: key.evmPrivateKey(), seed: key.peerSeed() }))
  const toys = Array.from({ length: TOY_PROCESSES }, () => startHelper(scope, 'leases/toys.ts'))
  const domain = { chainId, anchors }
  const common = { all, coordinator: peer, network: networkId(chainId, escrow), bootstrap, domain }
  const mineOf = (place: number) => all.filter((_, i) => i % TOY_PROCESSES === place)
  await Promise.all(toys.map((toy, place) => toy.ask('start', { ...common, mine: mineOf(place) })))
  return toys
}

async function untilSeen(client: NetworkClient, count: number): Promise<void> {
  for (;;) {
    const seen = (await client.nodes()).filter(({ role, seenMsAgo }) => role === 'worker' && seenMsAgo < 5_000)
    if (seen.length >= count) return
    await sleep(500)
  }
}

async function startClient({ scope }: CaseContext, chain: BenchChain, network: NetworkFile): Promise<NetworkClient> {
  const key = createKey()
  await giveGasMoney(chain, key.address)
  await mint(chain.client(key.evmPrivateKey()), PURSE)
  const client = await connectClient({ network, key })
  scope.add(client.stop)
  return client
}

/** Starts everything, and waits until the coordinator has heard of all nodes. */
export async function startParts(context: CaseContext): Promise<Parts> {
  const { scope, log, options } = context
  const chain = await startChain(scope, { leaseSeconds: 600 })
  const keys = Array.from({ length: options.nodes }, createKey)
  await registerAll(chain, keys)
  log(`  ${keys.length} nodes are registered`)
  const coordinating = await startCoordinator(context, chain)
  const client = await startClient(context, chain, coordinating.network)
  const toys = await startToys(context, keys, coordinating, chain.addresses.anchors)
  log('  they are up')
  await untilSeen(client, keys.length)
  log('  the coordinator has heard of them')
  return { coordinator: coordinating.coordinator, toys, client }
}
