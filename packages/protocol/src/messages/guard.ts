/**
 * What a receiver remembers about senders, and what it counts. Mutable on purpose: it is touched by every message.
 * SAFETY: memory is bounded. Known senders and strangers have tables of their own, so that inventing keys pushes out
 * other strangers, never a known sender's last sequence.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { Channel, MessageKind } from './bodies.ts'
import type { VerifySignature } from './statements.ts'

/** Why a message was dropped, in the order of the checks. SPEC: docs/spec/messages.md "Checks". */
export const REJECTIONS = [
  'oversized',
  'malformed',
  'wrong-network',
  'wrong-channel',
  'wrong-sender',
  'unknown-peer',
  'wrong-job',
  'replayed',
  'bad-signature',
  'bad-body',
] as const

export type RejectionCode = (typeof REJECTIONS)[number]

/** What only the host knows. Callbacks get a sender's public key in hex, must be cheap and must not throw. */
export interface GuardRules {
  readonly network: HashHex
  readonly verifySignature: VerifySignature
  /** Whether a sender is one that this node deals with, such as one that is registered. */
  readonly isKnown: (sender: string) => boolean
  /** Whether anybody at all may send this kind. */
  readonly mayStrangersSend: (kind: MessageKind) => boolean
  readonly isJobKnown: (job: JobId, kind: MessageKind, sender: string) => boolean
  /** Senders whose sequences are remembered, known ones and strangers each; 10,000 when absent. */
  readonly maxSenders?: number
}

/** Last sequence of each channel. */
type Sequences = Map<string, Partial<Record<Channel, number>>>

export interface Guard {
  readonly rules: GuardRules
  readonly known: Sequences
  readonly strangers: Sequences
  accepted: number
  readonly rejected: Record<RejectionCode, number>
}

const MAX_SENDERS = 10_000

/** Makes the guard of one node. */
export const createGuard = (rules: GuardRules): Guard => ({
  rules,
  known: new Map(),
  strangers: new Map(),
  accepted: 0,
  rejected: Object.fromEntries(REJECTIONS.map(code => [code, 0])) as Record<RejectionCode, number>,
})

/** Returns the last sequence that a sender used on a channel. */
export const lastSequence = ({ known, strangers }: Guard, sender: string, channel: Channel): number | undefined =>
  (known.get(sender) ?? strangers.get(sender))?.[channel]

/** Remembers a sequence, and forgets the sender that was heard least recently when the table is full. */
export function rememberSequence(guard: Guard, sender: string, channel: Channel, sequence: number): void {
  const { known, strangers, rules } = guard
  const last = known.get(sender) ?? strangers.get(sender)
  const table = rules.isKnown(sender) ? known : strangers
  known.delete(sender)
  strangers.delete(sender)
  table.set(sender, { ...last, [channel]: sequence })
  if (table.size <= (rules.maxSenders ?? MAX_SENDERS)) return
  const [oldest] = table.keys()
  if (oldest !== undefined) table.delete(oldest)
}
