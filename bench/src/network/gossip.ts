/**
 * Case `gossip`: how long a gossiped message takes from its publisher to everybody else, over real hosts in processes of
 * their own. After a start, hosts know the one that they were told to begin with; later they have neighbours as well.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../rows.ts'
import { type CaseContext, type RunCase, rowsFor } from './context.ts'
import type { Heard, HostFacts } from './gossip/hosts.ts'
import { type Helper, startHelper } from './helper.ts'

interface Shape {
  readonly name: string
  readonly count: number
  /** Other hosts that each dials beside the first. */
  readonly neighbours: number
}

const SHAPES: readonly Shape[] = [
  { name: '5 hosts', count: 5, neighbours: 0 },
  { name: '20 hosts', count: 20, neighbours: 0 },
  { name: '20 hosts with neighbours', count: 20, neighbours: 4 },
]
const PROCESSES = 5
const MESSAGES = 200
const BETWEEN_MS = 40
/** Gossipsub forms its mesh at heartbeats, one a second. */
const SETTLE_MS = 5_000
const STRAGGLERS_MS = 4_000

interface Hosts {
  readonly helpers: readonly Helper[]
  readonly count: number
}

/** Has every host dial some in the other processes. */
async function connect(helpers: readonly Helper[], neighbours: number): Promise<void> {
  const facts = await Promise.all(helpers.map(helper => helper.ask<HostFacts[]>('facts')))
  for (const [i, helper] of helpers.entries())
    for (let next = 1; next <= neighbours; next++) {
      const others = facts[(i + next) % PROCESSES] as HostFacts[]
      const dials = others.map(({ addresses }, place) => helper.ask('dial', { place, address: addresses[0] }))
      await Promise.all(dials)
    }
}

async function startHosts({ scope }: CaseContext, { count, neighbours }: Shape): Promise<Hosts> {
  const helpers = Array.from({ length: PROCESSES }, () => startHelper(scope, 'gossip/hosts.ts'))
  const [first, ...others] = helpers as [Helper, ...Helper[]]
  const each = count / PROCESSES
  const [hub] = await first.ask<HostFacts[]>('start', { count: 1, bootstrap: [] })
  const bootstrap = hub?.addresses.slice(0, 1)
  if (each > 1) await first.ask('start', { count: each - 1, bootstrap })
  await Promise.all(others.map(helper => helper.ask('start', { count: each, bootstrap })))
  await connect(helpers, neighbours)
  return { helpers, count }
}

/** Measures milliseconds of every arrival. */
async function latencies({ helpers, count }: Hosts): Promise<number[]> {
  const said: Promise<Heard>[] = []
  for (let number = 0; number < MESSAGES; number++) {
    const at = (number * 7) % count
    const about = { place: Math.floor(at / PROCESSES), number }
    said.push((helpers[at % PROCESSES] as Helper).ask<Heard>('publish', about))
    await sleep(BETWEEN_MS)
  }
  await sleep(STRAGGLERS_MS)
  const saidNs = new Map((await Promise.all(said)).map(({ number, atNs }) => [number, atNs]))
  const heard = await Promise.all(helpers.map(helper => helper.ask<Heard[]>('heard')))
  return heard.flat().map(({ number, atNs }) => Number(atNs - (saidNs.get(number) as bigint)) / 1e6)
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN

async function measure(context: CaseContext, shape: Shape): Promise<Row[]> {
  const { name, count } = shape
  const hosts = await startHosts(context, shape)
  await sleep(SETTLE_MS)
  const sorted = (await latencies(hosts)).sort((a, b) => a - b)
  for (const helper of hosts.helpers) await helper.stop()
  const arrived = (100 * sorted.length) / (MESSAGES * (count - 1))
  const [middle, late] = [percentile(sorted, 0.5), percentile(sorted, 0.95)]
  context.log(`  ${name}: median ${middle.toFixed(1)} ms, 95th percentile ${late.toFixed(1)} ms`)
  const row = rowsFor('gossip')
  return [
    row(`latency, median, ${name}`, 'ms', middle),
    row(`latency, 95th percentile, ${name}`, 'ms', late),
    row(`arrived, ${name}`, '%', arrived),
  ]
}

/** Measures small and larger networks, one after another. */
export const gossip: RunCase = async context => {
  const rows: Row[] = []
  for (const shape of SHAPES) rows.push(...(await measure(context, shape)))
  return rows
}
