/**
 * The roles of a network as pure functions: state and event in, state and effects out. Hosts perform the effects.
 * SPEC: architecture.md "Floors"; docs/decisions/0004-network.md.
 */

export { jobObstacle, leaseOf, nodeObstacle } from './roles/coordinator/assign.ts'
export type { Ask, AskVerdict, AuditEvent, AuditFacts, OrderRecord } from './roles/coordinator/audit-state.ts'
export { lacksOrders } from './roles/coordinator/audits.ts'
export type { AnchoredRound } from './roles/coordinator/begin.ts'
export { MOST_CUSTODIANS } from './roles/coordinator/custodians.ts'
export { activeUnitsOf, type CoordinatorEffect, claimsBefore, claimsOfRound } from './roles/coordinator/draft.ts'
export { closingRecord, earnedCounts, shownClaims, worksIn } from './roles/coordinator/earned.ts'
export { lacksDoers } from './roles/coordinator/redundancy.ts'
export type { RedundancyEvent, RoundDoers, UnitCourse } from './roles/coordinator/redundancy-state.ts'
export { closingDocumentOf, roundDocumentOf } from './roles/coordinator/round-documents.ts'
export { signedCommit, signedReport } from './roles/coordinator/signed-events.ts'
export {
  type ChainCall,
  type ChainView,
  type CoordinatorSettings,
  type CoordinatorState,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobFacts,
  type JobOutcome,
  type JobRecord,
  type NodeInfo,
  type RoundRecord,
  type WrongClaim,
} from './roles/coordinator/state.ts'
export { type CoordinatorEvent, tickCoordinator } from './roles/coordinator.ts'
export { type DoerEffect, type DoerEvent, type DoerState, emptyDoer, tickDoer } from './roles/doer.ts'
export type { Peer } from './roles/events.ts'
export { evaluationOf, type UnitRecord, type UnitState, unitName } from './roles/unit-machine.ts'
export type { WorkerEffect, WorkerEvent } from './roles/worker/events.ts'
export { emptyWorker, type Keep, type Pin, WORKER_SETTINGS, type WorkerState } from './roles/worker/state.ts'
export { tickWorker } from './roles/worker.ts'
