/**
 * A network of real processes: anvil with a state file, contracts, a coordinator, workers; and a client in the test
 * process. Not `cairn up`, which starts again what a test has killed.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ChainClient,
  createChainClient,
  createConnection,
  deploy,
  faucet,
  type LocalChain,
  localParameters,
  localParametersFor,
  readAddresses,
  startLocalChain,
} from '@cairn/contracts'
import { connectClient, type NetworkClient, type NetworkFile } from '@cairn/node'
import { createKey, type NodeKey } from '@cairn/node/keys'
import type { Account } from '@cairn/protocol'
import { type CairnNode, createNode } from './cairn-node.ts'
import { until } from './until.ts'

export interface TestNetwork {
  readonly home: string
  readonly networkFile: string
  readonly network: NetworkFile
  /** Pays for jobs. */
  readonly submitter: NodeKey
  /** With the submitter's money; among peers it is a stranger, as every command is. */
  readonly client: NetworkClient
  connect(): Promise<NetworkClient>
  readonly coordinator: CairnNode
  readonly workers: readonly CairnNode[]
  /** Everybody who may have tokens, contracts included. */
  readonly holders: readonly Account[]
  /** Starts verifiers. */
  addVerifiers(count: number): Promise<readonly CairnNode[]>
  /** Makes one more worker, with money and not started. */
  addWorker(): Promise<CairnNode>
  /** Starts another coordinator; returns it, and the network as one sees it who knows both. */
  addCoordinator(): Promise<{ readonly node: CairnNode; readonly network: TestNetwork }>
  /** Makes an account with money. */
  addAccount(): Promise<NodeKey>
  /** Stops it; returns what it wrote. */
  stopChain(): Promise<Uint8Array>
  /** `kill -9`. It will go on from what it wrote last: what happened since is forgotten. */
  killChain(): Promise<void>
  /** Starts it where it stopped, or as it once was. */
  startChain(state?: Uint8Array): Promise<void>
  /** Starts what does not run and waits until the coordinator has heard of all workers. */
  allUp(): Promise<void>
  stop(): Promise<void>
}

/** Stakes and jobs are paid from it; minted at once, so that the sum of all tokens stays the same from then on. */
const PURSE = 100n * localParameters.minimumStake
const GAS_MONEY_WEI = `0x${(10n ** 19n).toString(16)}`

/** Gives an account gas and tokens. */
async function fund(client: ChainClient, account: Account): Promise<void> {
  // viem's types know the methods of public chains only.
  await client.reader.request({ method: 'anvil_setBalance', params: [account, GAS_MONEY_WEI] } as never)
  const minted = await faucet(client, account, PURSE)
  if (!minted.ok) throw new Error(minted.reason)
}

/** Short, so that a test of a takeover need not wait for a minute. */
const LEASE_SECONDS = 15

async function deployOn({ rpcUrl, chainId, keys }: LocalChain): Promise<ChainClient> {
  const options = { rpcUrl, chainId, pollingMs: 20, privateKey: keys[0]! }
  const parameters = { ...localParametersFor({ challengeSeconds: 2 }), leaseSeconds: LEASE_SECONDS }
  const addresses = await deploy(createConnection(options), { parameters })
  return createChainClient(options, addresses)
}

/** Connects with the money of a key. */
async function connectAs(network: NetworkFile, key: NodeKey): Promise<NetworkClient> {
  const client = await connectClient({ network })
  const { rpcUrl, chainId } = network
  const options = { rpcUrl, chainId, pollingMs: 20, privateKey: key.evmPrivateKey() }
  return { ...client, chain: createChainClient(options, client.chain.addresses) }
}

/** Waits until the chain has written its state once more: what is older survives whatever comes. */
async function untilWritten(stateFile: string): Promise<void> {
  const writtenMs = () => statSync(stateFile, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const before = writtenMs()
  await until('the chain to write its state', async () => writtenMs() > before || undefined)
}

interface Nodes {
  readonly coordinator: CairnNode
  readonly workers: CairnNode[]
}

/** Ends everything that still runs and deletes what it left. */
async function endAll(home: string, chain: LocalChain, nodes: readonly CairnNode[]): Promise<void> {
  await Promise.all(nodes.filter(({ isRunning }) => isRunning).map(node => node.kill()))
  await chain.stop()
  // To look into what a test left, its processes' logs above all.
  if (process.env.CAIRN_E2E_KEEP === undefined) rmSync(home, { recursive: true })
}

/** Starts what does not run and waits until the coordinator has heard of all workers. */
async function startAll(client: NetworkClient, { coordinator, workers }: Nodes): Promise<void> {
  if (!coordinator.isRunning) await coordinator.start()
  await Promise.all(workers.filter(({ isRunning }) => !isRunning).map(worker => worker.start()))
  await until('all workers to be known', async () => {
    const nodes = await client.nodes()
    const isKnown = ({ peerKey }: CairnNode) =>
      nodes.some(({ peer, leaving, seenMsAgo }) => peer === peerKey && !leaving && seenMsAgo < 5_000)
    return workers.every(isKnown) || undefined
  })
}

/** Starts a network and waits until every worker is known. */
export async function startTestNetwork({ workers: count }: { readonly workers: number }): Promise<TestNetwork> {
  const home = mkdtempSync(join(tmpdir(), 'cairn-e2e-'))
  const [stateFile, networkFile] = [join(home, 'chain.json'), join(home, 'network.json')]
  let chain = await startLocalChain({ stateFile })
  const { rpcUrl, chainId } = chain
  const deployer = await deployOn(chain)
  const { escrow, registry, anchors, earnings } = deployer.addresses
  const submitter = createKey()
  const workers: CairnNode[] = []
  const holders: Account[] = [escrow, registry, anchors, earnings, submitter.address]

  const make = async (name: string, role: 'worker' | 'verifier' | 'coordinator'): Promise<CairnNode> => {
    const node = await createNode({ name, role, home, networkFile })
    holders.push(node.address)
    await fund(deployer, node.address)
    return node
  }
  const addWorker = async () => {
    const worker = await make(`worker-${workers.length + 1}`, 'worker')
    workers.push(worker)
    return worker
  }
  const write = (bootstrap: readonly string[]): NetworkFile => {
    const file: NetworkFile = { format: 'cairn/network/v1', rpcUrl, chainId, escrow, bootstrap, hasFaucet: true }
    writeFileSync(networkFile, JSON.stringify(file))
    return file
  }

  await fund(deployer, submitter.address)
  const coordinator = await make('coordinator', 'coordinator')
  for (let i = 0; i < count; i++) await addWorker()
  const others: CairnNode[] = []
  const endNodes = () => endAll(home, chain, [...workers, coordinator, ...others])

  async function startClient(): Promise<NetworkClient> {
    write([])
    const { addresses } = await coordinator.start()
    const client = await connectAs(write(addresses as string[]), submitter)
    await startAll(client, { coordinator, workers })
    return client
  }
  const client = await startClient().catch(async error => {
    await endNodes()
    throw error
  })

  const network: TestNetwork = {
    home,
    networkFile,
    network: client.network,
    submitter,
    client,
    connect: () => connectAs(client.network, submitter),
    coordinator,
    workers,
    holders,
    addWorker,
    async addVerifiers(wanted) {
      const names = Array.from({ length: wanted }, (_, i) => `verifier-${i + 1}`)
      const verifiers = await Promise.all(names.map(name => make(name, 'verifier')))
      others.push(...verifiers)
      await Promise.all(verifiers.map(verifier => verifier.start()))
      return verifiers
    },
    async addCoordinator() {
      const node = await make(`coordinator-${others.length + 2}`, 'coordinator')
      others.push(node)
      const { addresses } = await node.start()
      const file = write([...client.network.bootstrap, ...(addresses as string[])])
      const connect = () => connectAs(file, submitter)
      const known = await connect()
      return { node, network: { ...network, network: file, client: known, connect, stop: known.stop } }
    },
    async addAccount() {
      const key = createKey()
      holders.push(key.address)
      await fund(deployer, key.address)
      return key
    },
    allUp: () => startAll(client, { coordinator, workers }),
    async stopChain() {
      await chain.stop()
      return readFileSync(stateFile)
    },
    async killChain() {
      await untilWritten(stateFile)
      process.kill(chain.processId, 'SIGKILL')
      await chain.exited
    },
    async startChain(state) {
      if (state !== undefined) writeFileSync(stateFile, state)
      chain = await startLocalChain({ stateFile, port: Number(new URL(rpcUrl).port) })
      await readAddresses(createConnection(chain), escrow) // it goes on where it was
    },
    async stop() {
      await client.stop()
      await endNodes()
    },
  }
  return network
}
