/** A node as a service: its key unlocked, its prices read, its log in its directory and on the screen. */
import { readParameters, readToken } from '@cairn/contracts'
import { type NodeConfig, openLog, startNode } from '@cairn/node'
import type { Account } from '@cairn/protocol'
import { parseAmount } from './amounts.ts'
import type { KeyOptions } from './key-place.ts'
import { findNetwork, type NetworkFile } from './network-file.ts'
import { accountOf, openContracts, unlockKey } from './open-chain.ts'

export interface NodeOptions extends KeyOptions {
  readonly role: NodeConfig['role']
  readonly dir: string
  readonly price: string
  /** Left out, what the network demands, and for a coordinator what it locks for ten jobs. */
  readonly stake?: string
  readonly owner?: string
  readonly chain?: string
  readonly bootstrap?: readonly string[]
  readonly listen?: readonly string[]
  readonly threads: number
  readonly memory: number
}

/** What of a node may be another's: of dishonest ones. */
export type UnusualParts = Pick<NodeConfig, 'computeEntry' | 'hears' | 'alters'>

export interface NodeService {
  /** What it tells of itself when it is up. */
  readonly facts: { readonly peer: string; readonly account: string; readonly addresses: readonly string[] }
  stop(reason: string): Promise<void>
}

const JOBS_AT_ONCE = 10n

/** The network that its file says, except where a person says otherwise. */
async function networkOf({ network, chain, bootstrap }: NodeOptions): Promise<NetworkFile> {
  const found = (await findNetwork({ named: network })).network
  return { ...found, ...(chain && { rpcUrl: chain }), ...(bootstrap && { bootstrap: [...bootstrap] }) }
}

/** Reads price and stake as the network's token counts them. */
async function moneyOf(network: NetworkFile, { role, price, stake }: NodeOptions) {
  const client = await openContracts(network)
  const [token, { minimumStake, leaseBond, earningsBond }] = await Promise.all([
    readToken(client),
    readParameters(client),
  ])
  const bonds = role === 'coordinator' ? JOBS_AT_ONCE * (leaseBond + earningsBond) : 0n
  return {
    price: parseAmount(price, token, '--price'),
    stake: stake === undefined ? minimumStake + bonds : parseAmount(stake, token, '--stake'),
  }
}

async function ownerOf({ owner, network }: NodeOptions): Promise<{ owner?: Account }> {
  return owner === undefined ? {} : { owner: await accountOf({ account: owner, key: '', network }) }
}

/** Starts a node. Throws what `startNode`, the key file, the network file and the chain throw. */
export async function startNodeService(
  options: NodeOptions,
  show: (text: string) => void,
  unusual: UnusualParts = {},
): Promise<NodeService> {
  const { dir: directory, role, listen = [], threads, memory: memoryBytes } = options
  const network = await networkOf(options)
  const money = await moneyOf(network, options)
  const owner = await ownerOf(options)
  const key = await unlockKey(options)
  const log = openLog(directory, { show })
  try {
    const node = await startNode({
      directory,
      key,
      role,
      network,
      listen,
      threads,
      memoryBytes,
      log,
      ...money,
      ...owner,
      ...unusual,
    })
    const { peer, account, addresses } = node
    return {
      facts: { peer, account, addresses },
      async stop(reason) {
        await node.stop(reason)
        log.close()
      },
    }
  } catch (error) {
    log.close()
    throw error
  }
}
