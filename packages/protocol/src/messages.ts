/**
 * What nodes say to each other: signed, numbered, size-limited, schema-checked. SPEC: docs/spec/messages.md.
 * Not here: streams and topics, which are the host's; and what a role answers, which is in `roles/`.
 */
export {
  type Channel,
  isMessageKind,
  MAX_MESSAGE_BYTES,
  MESSAGE_KINDS,
  type MessageBodies,
  type MessageKind,
} from './messages/bodies.ts'
export { createGuard, type Guard, type GuardRules, REJECTIONS, type RejectionCode } from './messages/guard.ts'
export { type Arrival, type Message, type Opened, openMessage } from './messages/open.ts'
export type {
  Custody,
  OuterSignature,
  PeerAddress,
  SignedAttestation,
  SignedCommitment,
  SignedEvaluation,
} from './messages/records.ts'
export { MAX_REVEAL_BYTES, revealBytes } from './messages/reveal-size.ts'
export { type Draft as MessageDraft, type MessageSigner, nextSequence, sealMessage } from './messages/seal.ts'
export {
  attestationOf,
  type CustodyClaim,
  commitmentStatement,
  custodyStatement,
  type Evaluation,
  evaluationStatement,
  heldOf,
  isCustody,
  isSignedAttestation,
  isSignedCommitment,
  isSignedEvaluation,
  type VerifySignature,
} from './messages/statements.ts'
