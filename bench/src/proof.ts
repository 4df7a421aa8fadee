/**
 * Suite `proof`: what it costs that work can be checked. A worker's commitments (roots, salted leaves, kept checkpoints) beside
 * its unit, and audits, the transfer of states included, beside the share of the unit that they do again.
 */
import { availableParallelism } from 'node:os'
import { startHashThreads } from '@cairn/node/parts'
import type { HashFunction } from '@cairn/primitives'
import { inScope, type Scope } from './network/scope.ts'
import { type ProofJob, REPLICAS, type Size, sizes, writeJob } from './proof/job.ts'
import { type AuditCost, audits, type CommitmentCost, commitments, type MeasuredUnit, unit } from './proof/measure.ts'
import { type Party, type Source, startParty, startSource } from './proof/party.ts'
import { lessIsBetter, median, type Row } from './rows.ts'
import { readCount, readNames, type Suite } from './suite.ts'

const SEGMENTS = 5
/** What the design allows, in percent of a unit. */
const ALLOWED_PERCENT = 2

interface Parties {
  readonly worker: Party
  readonly verifier: Party
  readonly source: Source
  /** As a worker's compute thread hashes. */
  readonly hash: HashFunction
  readonly job: ProofJob
}

type Log = (line: string) => void

async function start(scope: Scope, size: Size, threads: number): Promise<Parties> {
  const [worker, verifier] = [await startParty(scope, threads), await startParty(scope, threads)]
  const job = await writeJob(size, worker.blobs)
  await writeJob(size, verifier.blobs)
  for (const { compute } of [worker, verifier]) await compute.request({ kind: 'prepare', document: job.documentId })
  const hashThreads = startHashThreads(threads - 1)
  scope.add(() => hashThreads.close())
  return { worker, verifier, source: await startSource(scope, worker), hash: hashThreads.hash, job }
}

interface Measured {
  readonly done: MeasuredUnit
  readonly commitment: CommitmentCost
  readonly audited: AuditCost
}

/** A round of a replica: its unit, and where the next one begins. What the other replicas did makes no difference here. */
async function nextRound({ worker, job }: Parties, replica: number) {
  const document = job.documentId
  const first = await worker.compute.request({ kind: 'initialState', document })
  if (!first.ok) throw new Error(`no initial state: ${first.why}`)
  const { globalRoot: root } = first.value
  const { commitment } = await unit(worker, job, { round: 0, replica, globalRoot: root })
  const updateRoots = Array.from({ length: REPLICAS }, () => commitment.updateRoot)
  const outer = await worker.compute.request({ kind: 'applyOuterStep', document, globalRoot: root, updateRoots })
  if (!outer.ok) throw new Error(`no outer step: ${outer.why}`)
  return { round: 1, replica, globalRoot: outer.value.globalRoot, replicaRoot: commitment.newReplicaRoot }
}

/** A unit, its commitment, and audits of all its segments: each is as likely as the others. */
async function measure(parties: Parties, replica: number, log: Log): Promise<Measured> {
  const { worker, verifier, source, hash, job } = parties
  const place = await nextRound(parties, replica)
  const done = await unit(worker, job, place)
  const audited = await audits(verifier, source, job, done)
  const commitment = await commitments(worker, hash, job, done)
  const seconds = [audited.seconds, audited.computeSeconds].map(found => (found / SEGMENTS).toFixed(2))
  log(`  unit ${done.seconds.toFixed(2)} s; an audit ${seconds[0]} s, of which it computes ${seconds[1]} s`)
  return { done, commitment, audited }
}

function rowsOf(size: Size, measured: readonly Measured[]): Row[] {
  const percent = (of: (each: Measured) => number): number => 100 * median(measured.map(m => of(m) / m.done.seconds))
  const perAudit = (of: (audit: AuditCost) => number) => percent(({ audited }) => of(audited) / SEGMENTS)
  const row = (metric: string, value: number, peer: string, peerValue: number): Row =>
    lessIsBetter({ suite: 'proof', case: size, metric, unit: '% of a unit', value, peer, peerValue })
  const ofCpu = (of: (audit: AuditCost) => number): number =>
    100 * median(measured.map(({ audited, done }) => of(audited) / SEGMENTS / done.cpuSeconds))
  const share = ['1 / C', 100 / SEGMENTS] as const
  return [
    row(
      'hashing for the commitment',
      percent(m => m.commitment.hashingSeconds),
      'allowed',
      ALLOWED_PERCENT,
    ),
    row(
      'hashing and kept checkpoints',
      percent(m => m.commitment.keptSeconds),
      'allowed',
      ALLOWED_PERCENT,
    ),
    row(
      'an audit',
      perAudit(a => a.seconds),
      ...share,
    ),
    row(
      'an audit, waiting for its computing',
      perAudit(a => a.computeSeconds),
      ...share,
    ),
    row(
      'an audit, CPU time',
      ofCpu(a => a.cpuSeconds),
      ...share,
    ),
    row(
      'an audit, CPU time with the worker that serves it',
      ofCpu(a => a.cpuSeconds + a.servingSeconds),
      ...share,
    ),
  ]
}

export const proof: Suite = {
  help: 'commitments and audits beside the units that they are about',
  options: {
    size: { argument: 'NAME', help: `measure this model only (${sizes.join(', ')}; may be repeated)`, multiple: true },
    repeats: { argument: 'N', help: 'units of each model (default 2, at most 8)', default: '2' },
    threads: { argument: 'N', help: 'threads of worker and verifier (default: one per core)' },
  },
  async run(given, log) {
    const repeats = Math.min(readCount(given, 'repeats'), 8)
    const threads = given.threads === undefined ? availableParallelism() : readCount(given, 'threads')
    const rows: Row[] = []
    for (const size of readNames<Size>(given, 'size', sizes)) {
      log(`model ${size}`)
      const measured = await inScope(async scope => {
        const parties = await start(scope, size, threads)
        const all: Measured[] = []
        for (let replica = 0; replica < repeats; replica++) all.push(await measure(parties, replica, log))
        return all
      })
      rows.push(...rowsOf(size, measured))
    }
    return rows
  },
}
