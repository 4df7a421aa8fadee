/**
 * What a worker does for audits of its units: it keeps the checkpoint that an audit begins from, and opens the steps of an
 * audited segment. SPEC: docs/spec/audits.md "Attestations". Not before the chain has drawn the audit: whoever sees the
 * values earlier could attest to them without doing the work.
 */
import { type JobDocument, type JobId, type MessageBodies, revealSteps, type Unit, unitSegment } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { Storage } from '../storage/open-storage.ts'
import { findDone, findEvaluation } from './done-units.ts'
import { checkpointReason, roundReason } from './retention.ts'

type Asked = MessageBodies['reveal']

const unitOf = (job: JobId, { schedule }: JobDocument['spec'], { round, index }: Asked): Unit =>
  index < schedule.replicas
    ? { job, round, replica: index, kind: 'train' }
    : { job, round, replica: 0, kind: 'evaluate' }

/** Opens a segment of a unit that this node has done; undefined where it has not. */
export function revealOf(
  storage: Pick<Storage, 'facts'>,
  job: JobId,
  { spec }: Pick<JobDocument, 'spec'>,
  asked: Asked,
): MessageBodies['revealed'] | undefined {
  const unit = unitOf(job, spec, asked)
  const done = unit.kind === 'train' ? findDone(storage, unit) : findEvaluation(storage, unit)
  if (done === undefined) return undefined
  const { innerSteps, checkpoints } = spec.schedule
  const steps = { innerSteps, checkpoints, evaluationBatches: spec.evaluation.batches }
  const { round, index, segment } = asked
  return {
    ...{ round, index, segment },
    ...revealSteps(sha256, done.salt, done.values, unitSegment(unit.kind, steps, segment)),
  }
}

export interface DrawnRound {
  readonly job: JobId
  readonly round: number
  readonly orders: readonly { readonly index: number; readonly segment: number }[]
}

/** Lets go of the checkpoints of a round's units but those that its audits begin from. */
export function keepDrawn(
  storage: Pick<Storage, 'facts' | 'pins'>,
  { job, round, orders }: DrawnRound,
  replicas: number,
): void {
  for (let replica = 0; replica < replicas; replica++) {
    const roots = findDone(storage, { job, round, replica, kind: 'train' })?.commitment.checkpointRoots ?? []
    for (const { index, segment } of orders) {
      const start = index === replica ? roots[segment - 1] : undefined
      if (start !== undefined) storage.pins.pin(start, roundReason(job, round), Date.now())
    }
    storage.pins.release(checkpointReason(job, round, replica))
  }
}
