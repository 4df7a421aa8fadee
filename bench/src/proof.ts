/**
 * Suite `proof`: what it costs that work can be checked. A worker's commitments (roots, salted leaves, kept checkpoints) beside
 * its unit, and audits, the transfer of states included, beside the share of the unit that they do again.
 */
import { availableParallelism } from 'node:os'
import { inScope, type Scope } from './network/scope.ts'
import { type ProofJob, type Size, sizes, writeJob } from './proof/job.ts'
import { type AuditCost, audit, type CommitmentCost, commitments, type MeasuredUnit, unit } from './proof/measure.ts'
import { type Party, startParty } from './proof/party.ts'
import { lessIsBetter, median, type Row } from './rows.ts'
import { readCount, readNames, type Suite } from './suite.ts'

const SEGMENTS = 5
/** What the design allows, in percent of a unit. */
const ALLOWED_PERCENT = 2

interface Parties {
  readonly worker: Party
  readonly verifier: Party
  readonly job: ProofJob
}

type Log = (line: string) => void

async function start(scope: Scope, size: Size, threads: number): Promise<Parties> {
  const [worker, verifier] = [await startParty(scope, threads), await startParty(scope, threads)]
  const job = await writeJob(size, worker.blobs)
  await writeJob(size, verifier.blobs)
  for (const { compute } of [worker, verifier]) await compute.request({ kind: 'prepare', document: job.documentId })
  return { worker, verifier, job }
}

interface Measured {
  readonly done: MeasuredUnit
  readonly commitment: CommitmentCost
  readonly audits: readonly AuditCost[]
}

/** A unit, its commitment, and audits of all its segments: each is as likely as the others. */
async function measure({ worker, verifier, job }: Parties, replica: number, log: Log): Promise<Measured> {
  const answer = await worker.compute.request({ kind: 'initialState', document: job.documentId })
  if (!answer.ok) throw new Error(`no initial state: ${answer.why}`)
  const done = await unit(worker, job, answer.value.globalRoot, replica)
  const commitment = await commitments(worker, job, done)
  const audits: AuditCost[] = []
  for (let segment = 0; segment < SEGMENTS; segment++) audits.push(await audit(verifier, worker, job, done, segment))
  const seconds = audits.map(({ transferSeconds, computeSeconds }) => (transferSeconds + computeSeconds).toFixed(2))
  log(`  unit ${done.seconds.toFixed(2)} s; audits of its segments ${seconds.join(', ')} s`)
  return { done, commitment, audits }
}

function rowsOf(size: Size, measured: readonly Measured[]): Row[] {
  const percent = (of: (each: Measured) => number): number => 100 * median(measured.map(m => of(m) / m.done.seconds))
  const perUnit = (of: (audit: AuditCost) => number) =>
    median(
      measured.map(
        ({ audits, done }) => (audits.reduce((sum, each) => sum + of(each), 0) / SEGMENTS / done.seconds) * 100,
      ),
    )
  const row = (metric: string, value: number, peer: string, peerValue: number): Row =>
    lessIsBetter({ suite: 'proof', case: size, metric, unit: '% of a unit', value, peer, peerValue })
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
      perUnit(a => a.transferSeconds + a.computeSeconds),
      '1 / C',
      100 / SEGMENTS,
    ),
    row(
      'an audit, computing alone',
      perUnit(a => a.computeSeconds),
      '1 / C',
      100 / SEGMENTS,
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
