/**
 * What a worker claims about one segment of its unit: what a verifier compares with, a coordinator judges, and whoever reads
 * the documents later checks. SPEC: docs/spec/audits.md "Segments".
 */
import type { HashFunction, HashHex } from '@cairn/primitives'
import { lossRoot, type UnitClaim } from '../dispute/claims.ts'
import { DIVERGED_ROOT, type SaltedCommitment, type UnitKind } from '../units.ts'
import { type Segment, segmentOf } from './segment.ts'
import type { ClaimedSegment } from './verdict.ts'

/** What a job's document says of the steps in its units. */
export interface UnitSchedule {
  readonly innerSteps: number
  readonly checkpoints: number
  readonly evaluationBatches: number
}

/** An audited unit: what its worker signed, and the hash that its work holds. */
export type AuditedWork = { readonly claim: HashHex; readonly schedule: UnitSchedule; readonly segment: number } & (
  | { readonly commitment: SaltedCommitment }
  | { readonly evaluation: Pick<UnitClaim, 'updateRoot' | 'lossBits' | 'stepsRoot' | 'saltHash'> }
)

const stepsOf = (kind: UnitKind, { innerSteps, checkpoints, evaluationBatches }: UnitSchedule) =>
  kind === 'train' ? { steps: innerSteps, segments: checkpoints } : { steps: evaluationBatches, segments: 1 }

/** The steps of a unit's segment. */
export const unitSegment = (kind: UnitKind, schedule: UnitSchedule, segment: number): Segment =>
  segmentOf(stepsOf(kind, schedule), segment)

/** What a worker claims about a segment. Where the unit left the domain, its roots are said to be `DIVERGED_ROOT`. */
export function claimedSegment(hash: HashFunction, work: AuditedWork): ClaimedSegment {
  const { claim, schedule, segment } = work
  if ('evaluation' in work) {
    const { updateRoot, lossBits, stepsRoot, saltHash } = work.evaluation
    const ends = [updateRoot === DIVERGED_ROOT ? DIVERGED_ROOT : lossRoot(hash, 'meanLoss', lossBits)]
    return { claim, stepsRoot, saltHash, ends, unitSteps: stepsOf('evaluate', schedule).steps }
  }
  const { checkpointRoots, updateRoot, newReplicaRoot, lossBits, stepsRoot, saltHash } = work.commitment
  const checkpoint = checkpointRoots.slice(segment, segment + 1)
  const isLast = segment + 1 === schedule.checkpoints
  const closing = isLast ? [updateRoot, newReplicaRoot, lossRoot(hash, 'unitLoss', lossBits)] : []
  const { steps: unitSteps } = stepsOf('train', schedule)
  return { claim, stepsRoot, saltHash, ends: [...checkpoint, ...closing], unitSteps }
}
