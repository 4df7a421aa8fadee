/**
 * Case `job`: what the network adds to the demo job: `cairn train` beside networks of 1, 2 and 3 workers, one thread each.
 * Every run must end with the same root. The clock compares as many workers as cores with as many threads; CPU time
 * compares any number of workers with one thread.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { IntegrityError } from '@cairn/primitives'
import { lessIsBetter, type Row } from '../rows.ts'
import { type CaseContext, type RunCase, rowsFor } from './context.ts'
import { jobFile, unitsOfJob } from './job/job-file.ts'
import { type NetworkRun, runNetwork } from './job/run-network.ts'
import { type Trained, train } from './job/train.ts'

const THREADS = [1, 2] as const
const WORKERS = [1, 2, 3] as const
const MIB = 2 ** 20

function assertSame(roots: readonly string[]): void {
  if (new Set(roots).size === 1) return
  throw new IntegrityError('RootsDiffer', 'Runs of the same job ended with different states.', {
    expected: 'one root',
    found: roots.join(', '),
    fix: 'Find the run that differs; nothing measured here means anything before that.',
  })
}

const named = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

function networkRows(workers: number, run: NetworkRun, trained: ReadonlyMap<number, Trained>, units: number): Row[] {
  const name = named(workers, 'worker')
  const row = rowsFor('job')
  const common = { suite: 'network', case: 'job', unit: 's' } as const
  const [sameThreads, oneThread] = [trained.get(workers), trained.get(1) as Trained]
  const { workers: ofWorkers, coordinator, chain } = run.cpu
  const wall = (metric: string, value: number): Row =>
    sameThreads === undefined
      ? row(metric, 's', value)
      : lessIsBetter({
          ...{ ...common, metric, value },
          ...{ peer: `train, ${named(workers, 'thread')}`, peerValue: sameThreads.wallSeconds },
        })
  const cpu = { ...common, metric: `CPU, ${name}: all processes`, value: ofWorkers + coordinator + chain }
  return [
    wall(`first lease to last anchor, ${name}`, run.firstLeaseToLastAnchor),
    wall(`submission to closed, ${name}`, run.submissionToClosed),
    lessIsBetter({ ...cpu, peer: 'train, 1 thread', peerValue: oneThread.cpuSeconds }),
    row(`CPU, ${name}: workers`, 's', ofWorkers),
    row(`CPU, ${name}: coordinator`, 's', coordinator),
    row(`CPU, ${name}: chain`, 's', chain),
    row(`blobs between nodes, ${name}`, 'MiB', run.blobBytes / MIB),
    row(`blobs between nodes per unit, ${name}`, 'KiB', run.blobBytes / 1024 / units),
    row(`direct messages, ${name}`, 'MiB', run.messageBytes / MIB),
  ]
}

async function trainAll(context: CaseContext, job: string, out: string): Promise<Map<number, Trained>> {
  const trained = new Map<number, Trained>()
  for (const threads of THREADS) {
    const run = await train(context, job, out, threads)
    const { wallSeconds, cpuSeconds } = run
    context.log(`  train, ${named(threads, 'thread')}: ${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s`)
    trained.set(threads, run)
  }
  return trained
}

/** Trains by one process, then by networks, and compares. */
export const job: RunCase = async context => {
  const { scope, log, options } = context
  const out = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
  scope.add(() => rm(out, { recursive: true, force: true }))
  const path = await jobFile(out, options.rounds)
  const units = await unitsOfJob(path)
  const trained = await trainAll(context, path, out)
  const roots = [...trained.values()].map(({ root }) => root)
  const rows: Row[] = []
  if (!trained.has(availableParallelism())) log(`  ${availableParallelism()} cores: no run has as many workers`)
  for (const workers of WORKERS) {
    const run = await runNetwork(context, path, out, workers)
    log(`  network, ${named(workers, 'worker')}: ${run.firstLeaseToLastAnchor.toFixed(1)} s`)
    assertSame([...roots, run.root])
    rows.push(...networkRows(workers, run, trained, units))
  }
  return rows
}
