/**
 * Case `leases`: how many units one coordinator leases and settles: a real one, with a real chain, journal and signed
 * messages, and hundreds of nodes on real hosts whose work takes no time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { submitJob } from '@cairn/node'
import { ResourceError } from '@cairn/primitives'
import { encodeJobDocument } from '@cairn/protocol'
import type { Row } from '../rows.ts'
import { type RunCase, rowsFor } from './context.ts'
import { type Parts, startParts } from './leases/start-parts.ts'
import { toyJob } from './leases/toy-job.ts'
import type { ToyCounts } from './leases/toy-worker.ts'
import { cpuSeconds, memoryMiB } from './usage.ts'

/** Until leases go round, and not counted. */
const WARM_UP_MS = 5_000
const MOST_TRIES = 5

interface Reading extends ToyCounts {
  readonly atMs: number
  readonly anchored: number
  readonly coordinatorSeconds: number
  readonly toySeconds: number
}

/** Asks until there is an answer: a coordinator at its limit is late. */
async function anchoredRounds({ client }: Parts, job: string): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const jobs = await client.jobs().catch(() => [])
    const found = jobs.find(one => one.job === job)
    if (found !== undefined) return found.anchored
  }
  throw new ResourceError('NoAnswer', 'The coordinator does not answer any more.')
}

/** Reads everything once; counts are those since the last reading. */
async function read(parts: Parts, job: string): Promise<Reading> {
  const { coordinator, toys } = parts
  const anchored = await anchoredRounds(parts, job)
  const counts = await Promise.all(toys.map(toy => toy.ask<ToyCounts>('counts')))
  return {
    atMs: performance.now(),
    anchored,
    noted: counts.reduce((sum, { noted }) => sum + noted, 0),
    leases: counts.reduce((sum, { leases }) => sum + leases, 0),
    waitsMs: counts.flatMap(({ waitsMs }) => waitsMs),
    coordinatorSeconds: cpuSeconds(coordinator.pid),
    toySeconds: toys.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
  }
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN

function rowsOf(before: Reading, after: Reading, nodes: number, replicas: number, pid: number): Row[] {
  const seconds = (after.atMs - before.atMs) / 1000
  const settled = (after.anchored - before.anchored) * replicas
  const cpu = after.coordinatorSeconds - before.coordinatorSeconds
  const row = rowsFor('leases')
  return [
    row(`units leased, ${nodes} nodes`, '1/s', after.leases / seconds),
    row(`units committed, ${nodes} nodes`, '1/s', after.noted / seconds),
    row(`units settled, ${nodes} nodes`, '1/s', settled / seconds),
    row('commitment to next lease, median', 'ms', percentile(after.waitsMs, 0.5)),
    row('commitment to next lease, 95th percentile', 'ms', percentile(after.waitsMs, 0.95)),
    row('coordinator CPU per committed unit', 'ms', (1000 * cpu) / after.noted),
    row('coordinator CPU, share of a core', '%', (100 * cpu) / seconds),
    row('nodes CPU, all processes', '%', (100 * (after.toySeconds - before.toySeconds)) / seconds),
    row('coordinator memory, most', 'MiB', memoryMiB(pid, 'VmHWM')),
    row('coordinator memory, at the end', 'MiB', memoryMiB(pid, 'VmRSS')),
  ]
}

/** Toy nodes serve no blobs, so the coordinator is told of the job until it knows it. */
async function submit({ client }: Parts, replicas: number): Promise<string> {
  const request = toyJob(client.network, String(client.chain.account), replicas)
  const { job } = await submitJob(client, { ...request, onEvent: () => undefined })
  const document = encodeJobDocument(request.submission.document)
  while (!(await client.jobs()).some(one => one.job === job)) {
    for (const peer of client.coordinators()) client.send(peer, 'submitted', job, { document })
    await sleep(500)
  }
  return job
}

/** Leases for a while, to nodes that always have done what they were given. */
export const leases: RunCase = async context => {
  const { log, options } = context
  const { nodes, seconds, replicas = nodes } = options
  const parts = await startParts(context)
  const { client, coordinator } = parts
  const job = await submit(parts, replicas)
  await sleep(WARM_UP_MS)
  const before = await read(parts, job)
  log(`  leasing for ${seconds} s`)
  await sleep(1000 * seconds)
  const after = await read(parts, job)
  if (after.noted === 0)
    throw new ResourceError('NothingLeased', `No unit was done: ${(await client.why(job)).now.slice(0, 300)}`)
  return rowsOf(before, after, nodes, replicas, coordinator.pid)
}
