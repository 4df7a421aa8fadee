/**
 * Audits as pure functions: who checks what, how a verifier proves that it worked, and why cheating does not pay.
 * SPEC: protocol.md section 3; docs/spec/audits.md. Not here: messages, clocks and money, which roles and settlement have.
 */
export {
  type Attestation,
  attestationStatement,
  attestSteps,
  commitSteps,
  revealSteps,
  type StepCommitment,
  type StepReveal,
  type StepValues,
} from './audit/attestation.ts'
export { type Beacon, refutedBeacon, roundBeacon, submittedBeacon } from './audit/beacon.ts'
export { type AuditedWork, claimedSegment, type UnitSchedule, unitSegment } from './audit/claimed.ts'
export { type AuditRequest, DECOY_RATE, plantedEnds, werePlanted } from './audit/decoy.ts'
export { burnedOf, type Deterrence, deterrenceOf } from './audit/deterrence.ts'
export { committedResult, type DoerOrder, type DrawnDoer, drawDoers, orderDoers, resultRoot } from './audit/doers.ts'
export type { StakedNode } from './audit/draw.ts'
export {
  type AuditHistory,
  type AuditRecord,
  applyHistory,
  auditRate,
  type HistoryEvent,
  newHistory,
  type UnitPlace,
  unsettledOf,
} from './audit/record.ts'
export {
  applyRedundant,
  newRedundantUnit,
  type RedundantEvent,
  type RedundantLease,
  type RedundantOutcome,
  type RedundantRequests,
  type RedundantTimes,
  type RedundantUnit,
  redundantRequests,
  refusesList,
} from './audit/redundant-unit.ts'
export { isOpened, type OpenedSeal, type SealedWork, sealRoot } from './audit/sealed.ts'
export { type Segment, segmentOf } from './audit/segment.ts'
export {
  type AuditableUnit,
  type AuditOrder,
  type AuditPolicy,
  auditAll,
  type Selection,
  selectAudits,
} from './audit/selection.ts'
export { type ClaimedSegment, judgeAttestation, judgeSteps, VERDICTS, type Verdict } from './audit/verdict.ts'
