/** Evidence bundles: all that is needed to judge one game again, without a network. SPEC: docs/spec/evidence.md. */
export { decodeEvidence, type Evidence, encodeEvidence } from './evidence/bundle.ts'
export { type EvidenceDifference, type EvidenceRules, judgeEvidence } from './evidence/judge.ts'
