/** Evidence bundles: all that is needed to judge one game again, without a network. SPEC: docs/spec/evidence.md. */
export { isPartOf, isRefutedByCharge } from './evidence/attested.ts'
export { decodeEvidence, type Evidence, encodeEvidence } from './evidence/bundle.ts'
export { chargedSubject, type EvidenceJudgement, judgeEvidence, wrongStart } from './evidence/judge.ts'
export type { EvidenceDifference, EvidenceRules, EvidenceStep } from './evidence/replay.ts'
