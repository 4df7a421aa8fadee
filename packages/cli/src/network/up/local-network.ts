/**
 * A whole network on this machine: a chain, its contracts, a coordinator, workers and verifiers, each a process of its
 * own, all in one directory. Started again in the same directory, it goes on: same chain, same contracts, same nodes.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory, makeDirectory } from '@cairn/node/files'
import type { PublicKeys } from '@cairn/node/keys'
import { untilAborted } from '../../run/until-aborted.ts'
import { CHAIN_STATE } from '../chain-process.ts'
import { DEFAULT_KEY, keyIn } from '../key-place.ts'
import { type NetworkFile, networkFileIn, readNetworkFile, writeNetworkFile } from '../network-file.ts'
import { approveNodes, fundAccounts, localContracts } from './local-contracts.ts'
import { type Accounts, localKeys } from './local-keys.ts'
import * as processes from './processes.ts'
import { type Start, startOnPort } from './start-on-port.ts'
import { type ProcessEvent, type Supervised, supervise } from './supervise.ts'

const { CHAIN, COORDINATOR, OWNER } = processes

export interface LocalNetworkOptions extends processes.NetworkShape {
  /** How long a round can be challenged; fixed when the network is made, and no matter later. */
  readonly challengeSeconds: number
  /** Whether one account owns all workers, which then keep nothing for each other. */
  readonly oneOwner: boolean
  /** Of the chain; the coordinator takes the next. Left out, those of the last time, or any that are free. */
  readonly port?: number
  /** Whether to start processes again that died. */
  readonly restart: boolean
  /**
   * The program that runs a process, by its name: a script that takes the arguments of `cairn` and behaves like it to its
   * parent. Left out or undefined, `cairn` itself. With it, a demonstration has nodes that are not honest.
   */
  readonly programOf?: (name: string) => string | undefined
  readonly onEvent: (event: ProcessEvent) => void
  /** Breaks the starting off. */
  readonly signal?: AbortSignal
}

interface Parts {
  readonly network: NetworkFile
  /** Of the network file. */
  readonly path: string
  readonly accounts: Accounts
}

export interface LocalNetwork extends Parts {
  /** Settles when the chain or the coordinator died for good. */
  readonly failed: Promise<Error>
  /** Stops workers and verifiers, coordinator and chain, in this order. */
  stop(): Promise<void>
}

const keyNames = (o: LocalNetworkOptions): string[] => [
  ...[DEFAULT_KEY, COORDINATOR, ...processes.workerNames(o), ...processes.verifierNames(o)],
  ...(o.oneOwner ? [OWNER] : []),
]

/** Starts the chain, finds or deploys its contracts, and gives every account money. */
async function startChain(o: LocalNetworkOptions, start: Start, accounts: Accounts): Promise<NetworkFile> {
  const { directory, port: asked, challengeSeconds } = o
  const file = networkFileIn(directory)
  const known = existsSync(file) ? await readNetworkFile(file) : undefined
  const { rpcUrl, chainId } = (await startOnPort(start, {
    name: CHAIN,
    argsFor: port => processes.chainArguments(o, port),
    asked,
    last: processes.portOfUrl(known?.rpcUrl),
    portOf: ready => processes.portOfUrl(String(ready.rpcUrl)),
  })) as unknown as Pick<NetworkFile, 'rpcUrl' | 'chainId'>
  const stateFile = join(processes.chainDirectory(directory), CHAIN_STATE)
  const escrow = await localContracts({ rpcUrl, chainId, stateFile }, known, challengeSeconds)
  const bootstrap = known?.bootstrap ?? []
  const network: NetworkFile = { format: 'cairn/network/v1', rpcUrl, chainId, escrow, bootstrap, hasFaucet: true }
  await fundAccounts(
    network,
    Object.values(accounts).map(({ address }) => address),
  )
  return network
}

/** Starts the coordinator, by which every other node finds the network. */
async function startCoordinator(o: LocalNetworkOptions, start: Start, network: NetworkFile): Promise<NetworkFile> {
  const { directory, port } = o
  await writeNetworkFile(directory, network)
  const { addresses } = (await startOnPort(start, {
    name: COORDINATOR,
    argsFor: each => processes.coordinatorArguments(o, each),
    asked: port === undefined ? undefined : port + 1,
    last: processes.portOfAddress(network.bootstrap[0]),
    portOf: ready => processes.portOfAddress((ready.addresses as string[])[0]),
  })) as unknown as { readonly addresses: string[] }
  const found = { ...network, bootstrap: addresses }
  await writeNetworkFile(directory, found)
  return found
}

async function startWorkers(o: LocalNetworkOptions, start: Start, network: NetworkFile, accounts: Accounts) {
  const names = processes.workerNames(o)
  const owner = o.oneOwner ? accounts[OWNER]?.address : undefined
  if (owner !== undefined)
    await approveNodes(
      network,
      keyIn(o.directory, OWNER),
      names.map(name => accounts[name] as PublicKeys),
    )
  await Promise.all(names.map(name => start({ name, args: () => processes.workerArguments(o, name, owner) }).ready))
}

/** Every verifier is its own owner, or it could check nobody's work. */
const startVerifiers = (o: LocalNetworkOptions, start: Start) =>
  Promise.all(
    processes.verifierNames(o).map(name => start({ name, args: () => processes.verifierArguments(o, name) }).ready),
  )

async function startParts(o: LocalNetworkOptions, start: Start): Promise<Parts> {
  const accounts = await localKeys(o.directory, keyNames(o))
  const network = await startCoordinator(o, start, await startChain(o, start, accounts))
  await Promise.all([startWorkers(o, start, network, accounts), startVerifiers(o, start)])
  return { network, path: networkFileIn(o.directory), accounts }
}

/** Stops workers and verifiers side by side, then the coordinator, then the chain. */
async function stopAll(started: readonly Supervised[]): Promise<void> {
  const isServed = ({ name }: Supervised): boolean => name !== CHAIN && name !== COORDINATOR
  await Promise.all(started.filter(isServed).map(each => each.stop()))
  for (const each of started.filter(each => !isServed(each)).reverse()) await each.stop()
}

const LOCKED = 'This network is running already: use it, stop it, or choose another --dir.'

/** Starts a network. Throws what a process of it could not start with, or why it was broken off; nothing is left running then. */
export async function startLocalNetwork(o: LocalNetworkOptions): Promise<LocalNetwork> {
  await makeDirectory(o.directory)
  const lock = lockDirectory(o.directory, LOCKED)
  const started: Supervised[] = []
  const start: Start = options => {
    o.signal?.throwIfAborted()
    const program = o.programOf?.(options.name)
    const process = supervise({ ...options, ...(program && { program }), restart: o.restart, onEvent: o.onEvent })
    started.push(process)
    return process
  }
  const stop = async () => {
    await stopAll(started)
    lock.release()
  }
  try {
    const parts = await untilAborted(o.signal, startParts(o, start))
    const last = new Map(started.map(process => [process.name, process]))
    const vital = [CHAIN, COORDINATOR].flatMap(name => last.get(name)?.failed ?? [])
    return { ...parts, failed: Promise.race(vital), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
