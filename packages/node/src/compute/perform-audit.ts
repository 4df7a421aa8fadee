/** An audit on the compute thread: a segment of a unit, or an evaluation, is done again. SPEC: docs/spec/audits.md. */
import { DIVERGED, lossRoot, segmentOf } from '@cairn/protocol'
import { runSegment, type State, startNames } from '@cairn/training'
import { sha256 } from '../files/hash.ts'
import { loadStart, type UnitHost } from './perform-unit.ts'
import type { ReadyJob } from './prepared-jobs.ts'
import { WorkStopped } from './problems.ts'
import type { AuditWork, WorkResults } from './work.ts'

type Audited = WorkResults['audit']

async function auditEvaluation(
  { states }: UnitHost,
  job: ReadyJob,
  { globalRoot, verify }: AuditWork,
): Promise<Audited> {
  const names = startNames(job.program.model, { isLast: false }, false).global
  const outcome = await job.executor.evaluate(await states.load(job, 'global', globalRoot, { verify, names }))
  if (!outcome.ok) return { ends: [DIVERGED], values: [] }
  const { lossBits, meanBits } = outcome.value
  const values = meanBits.map(bits => ({ lossBits: bits, normBits: [] }))
  return { ends: [lossRoot(sha256, 'meanLoss', lossBits)], values }
}

/**
 * The state at a segment's start, if it is here; without it the steps before are done again. SAFETY: a global state has parameters too,
 * and steps from it an end, but who signs that this end follows from its root would lose a game about that.
 */
async function checkpointOf(
  { states }: UnitHost,
  job: ReadyJob,
  { checkpointRoot, verify }: AuditWork,
): Promise<State | undefined> {
  return checkpointRoot === undefined ? undefined : states.find(job, ['checkpoint'], checkpointRoot, { verify })
}

/** A checkpoint holds all that steps carry; what the unit began from is for its own end. */
const NO_START = { global: new Map(), replicaState: new Map() }

/** Does a part of a unit again. */
export async function performAudit(host: UnitHost, job: ReadyJob, work: AuditWork): Promise<Audited> {
  const { unit } = work
  if (unit.kind === 'evaluate') return auditEvaluation(host, job, work)
  const { innerSteps: steps, checkpoints: segments } = job.program.spec.schedule
  const segment = segmentOf({ steps, segments }, work.segment)
  const checkpoint = await checkpointOf(host, job, work)
  const isEnough = checkpoint !== undefined && !segment.isLast
  const names = startNames(job.program.model, segment, checkpoint !== undefined)
  const { global, replicaState } = isEnough
    ? NO_START
    : await loadStart(host, job, { ...work, round: unit.round, names })
  const found = await runSegment(job.executor, sha256, {
    ...{ round: unit.round, replica: unit.replica, global, replicaState },
    segment,
    ...(checkpoint && { checkpoint }),
    onStep: () => (host.isStopped() ? 'stop' : undefined),
  })
  if (found === undefined) throw new WorkStopped({ ok: false, why: 'stopped' })
  return found
}
