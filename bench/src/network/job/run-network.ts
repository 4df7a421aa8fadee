/** The demo job by a whole network on this machine, one thread a worker, as `cairn up` and `cairn submit` run it. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectClient, type JobStatus, type NetworkFile } from '@cairn/node'
import type { CaseContext } from '../context.ts'
import { openScope } from '../scope.ts'
import { cpuSeconds } from '../usage.ts'
import { type CairnEvent, startCairn } from './cairn.ts'
import { jobTimes, movedBy } from './log-times.ts'

/** CPU seconds from the submission until the job is closed. */
interface CpuSplit {
  readonly workers: number
  readonly coordinator: number
  readonly chain: number
}

export interface NetworkRun {
  readonly root: string
  readonly firstLeaseToLastAnchor: number
  readonly submissionToClosed: number
  readonly cpu: CpuSplit
  readonly blobBytes: number
  readonly messageBytes: number
}

const ASKED_EVERY_MS = 1000
const COORDINATOR = 'coordinator'
const CHAIN = 'chain'

async function untilClosed(network: NetworkFile, job: string): Promise<JobStatus> {
  const client = await connectClient({ network })
  try {
    for (;;) {
      const status = await client.job(job)
      if (status.isClosed) return status
      await sleep(ASKED_EVERY_MS)
    }
  } finally {
    await client.stop()
  }
}

interface Process {
  readonly name: string
  readonly pid: number
}

const processesOf = (events: readonly CairnEvent[]): Process[] =>
  events.filter(({ event }) => event === 'up').map(({ name, pid }) => ({ name: String(name), pid: Number(pid) }))

function cpuOf(processes: readonly Process[]): CpuSplit {
  const sum = (isOne: (name: string) => boolean): number =>
    processes.filter(({ name }) => isOne(name)).reduce((total, { pid }) => total + cpuSeconds(pid), 0)
  return {
    workers: sum(name => name.startsWith('worker')),
    coordinator: sum(name => name === COORDINATOR),
    chain: sum(name => name === CHAIN),
  }
}

async function moved(directory: string, names: readonly string[]) {
  const each = await Promise.all(names.map(name => movedBy(join(directory, 'nodes', name))))
  return each.reduce((a, b) => ({
    blobBytes: a.blobBytes + b.blobBytes,
    messageBytes: a.messageBytes + b.messageBytes,
  }))
}

/** Starts a network of so many workers, has it do the job, and stops it. */
export async function runNetwork(
  { scope }: CaseContext,
  job: string,
  out: string,
  workers: number,
): Promise<NetworkRun> {
  const directory = join(out, `network-${workers}`)
  await mkdir(directory)
  const nodes = ['--workers', String(workers), '--threads-per-worker', '1', '--verifiers', '0']
  const up = startCairn(scope, 'up', '--dir', directory, ...nodes, '--challenge-seconds', '2')
  const ready = await up.wait('ready')
  const processes = processesOf(up.events)
  const before = cpuOf(processes)
  const submission = openScope()
  scope.add(submission.close)
  const submit = startCairn(submission, 'submit', job, '--network', String(ready.network))
  const locked = await submit.wait('locked')
  const submittedMs = Date.now()
  await submit.end()
  const status = await untilClosed(ready as unknown as NetworkFile, String(locked.job))
  const after = cpuOf(processes)
  await up.stop()
  const times = await jobTimes(join(directory, 'nodes', COORDINATOR))
  return {
    root: status.history.at(-1)?.globalRoot ?? status.reason,
    firstLeaseToLastAnchor: (times.lastAnchorMs - times.firstLeaseMs) / 1000,
    submissionToClosed: (times.closedMs - submittedMs) / 1000,
    cpu: {
      workers: after.workers - before.workers,
      coordinator: after.coordinator - before.coordinator,
      chain: after.chain - before.chain,
    },
    ...(await moved(
      directory,
      processes.map(({ name }) => name).filter(name => name !== CHAIN),
    )),
  }
}
