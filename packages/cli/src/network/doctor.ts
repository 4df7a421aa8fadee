/** Whether this machine can take part in a network: its chain and clock, its peers, and who could reach a node here. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type ChainClient, checkNetwork } from '@cairn/contracts'
import { connectClient } from '@cairn/node'
import { CairnError } from '@cairn/primitives'
import { type Check, type Finding, failed, ok, warning } from '../run/doctor.ts'
import { formatDuration, plural } from '../screen/format.ts'
import { shownPath } from '../screen/train-screen.ts'
import type { LocatedNetwork } from './network-file.ts'
import { openContracts } from './open-chain.ts'

/** Turns an error into a finding that keeps its fix. */
const failedWith = (error: unknown): Finding => {
  if (!(error instanceof CairnError)) throw error
  return failed(`${error.message} (${error.found ?? error.code})`, error.fix ?? 'See `cairn up --help`.')
}

const HALF_A_MINUTE_MS = 30_000
const MOST_APART_MS = 60_000

/** Chain, contracts and clock are asked for in one go: what the chain says first is what is wrong first. */
async function checkChain({ network }: LocatedNetwork): Promise<Finding> {
  const began = performance.now()
  try {
    const client: ChainClient = await openContracts(network)
    await checkNetwork(client, { clockToleranceMs: Number.MAX_SAFE_INTEGER })
    const time = formatDuration(performance.now() - began)
    return ok(`chain ${network.chainId} at ${network.rpcUrl} with all contracts, asked in ${time}`)
  } catch (error) {
    return failedWith(error)
  }
}

/** Compares clocks with the chain's next block. */
async function checkClock({ network }: LocatedNetwork): Promise<Finding> {
  try {
    const { reader } = await openContracts(network)
    const { timestamp } = await reader.getBlock({ blockTag: 'pending' })
    const apartMs = Math.abs(Number(timestamp) * 1000 - Date.now())
    const found = `${formatDuration(apartMs)} from the chain’s`
    const fix = 'Set the clock of this machine (NTP); nodes whose clock is off are refused.'
    if (apartMs > MOST_APART_MS) return failed(found, fix)
    return apartMs > HALF_A_MINUTE_MS ? warning(found, fix) : ok(found)
  } catch (error) {
    return failedWith(error)
  }
}

/** Speaks to the coordinators, as every command does. */
async function checkPeers({ network }: LocatedNetwork): Promise<Finding> {
  try {
    const client = await connectClient({ network })
    try {
      const nodes = await client.nodes()
      const live = nodes.filter(({ role, isLive }) => role === 'worker' && isLive)
      const found = `${plural(client.coordinators().length, 'coordinator')} and ${plural(live.length, 'live worker')}`
      return live.length > 0 ? ok(found) : warning(found, 'Jobs wait until a worker comes: `cairn node --role worker`.')
    } finally {
      await client.stop()
    }
  } catch (error) {
    return failedWith(error)
  }
}

/** Listens for a moment, as a node would for long. */
async function checkPorts(): Promise<Finding> {
  const server = createServer().listen(0)
  try {
    await once(server, 'listening')
    return ok('this machine lets programs listen')
  } catch (error) {
    return failed(
      error instanceof Error ? error.message : String(error),
      'Allow Node to listen for connections; workers hand their results to each other.',
    )
  } finally {
    server.close()
  }
}

/** SAFETY: a firewall or router in between can only be seen from another machine, and this says so. */
function checkReachability(): Finding {
  const outward = Object.values(networkInterfaces())
    .flatMap(each => each ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
  const [first] = outward
  if (first === undefined)
    return warning('only from this machine', 'For nodes on other machines, connect this one to a network.')
  const listen = `/ip4/0.0.0.0/tcp/4001`
  return ok(
    `nodes here listen on 127.0.0.1 only; with --listen ${listen} others may reach ${first.address}, if no firewall stops them`,
  )
}

/** Lists the checks of a network. */
export const networkChecks = (located: LocatedNetwork): readonly Check[] => [
  { name: 'network', run: () => ok(shownPath(located.path)) },
  { name: 'chain', run: () => checkChain(located) },
  { name: 'clock', run: () => checkClock(located) },
  { name: 'peers', run: () => checkPeers(located) },
  { name: 'ports', run: checkPorts },
  { name: 'reachability', run: checkReachability },
]
