/**
 * Opening: bytes from the network become a message that a role may hear, or a reason to drop them. Cheap checks come
 * first, the signature late, and the body is decoded only after it. SPEC: docs/spec/messages.md "Checks".
 */
import { decodeCanonical, encodeHex } from '@cairn/primitives'
import type { JobId, Unit } from '../units.ts'
import {
  type Channel,
  isMessageKind,
  MAX_MESSAGE_BYTES,
  MESSAGE_KINDS,
  type MessageBodies,
  type MessageKind,
} from './bodies.ts'
import { type Guard, lastSequence, type RejectionCode, rememberSequence } from './guard.ts'
import { decodeEnvelope, decodeWire, type EnvelopeHeader, type Wire } from './wire.ts'

/** A message that passed every check. */
export type Message = {
  readonly [Kind in MessageKind]: {
    readonly kind: Kind
    /** The sender's Ed25519 public key, 64 lower-case hex digits. */
    readonly sender: string
    readonly sequence: number
    /** Absent for kinds that belong to no job. */
    readonly job?: JobId
    readonly body: MessageBodies[Kind]
  }
}[MessageKind]

export type Opened =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly code: RejectionCode }

/** How bytes arrived. */
export interface Arrival {
  readonly channel: Channel
  /** Public key in hex of the peer at the other end of a direct stream; absent for gossip, which anybody may relay. */
  readonly remote?: string
}

interface Candidate extends EnvelopeHeader {
  readonly kind: MessageKind
  readonly sender: string
  readonly jobHex: JobId | undefined
  readonly wire: Wire
  readonly sizeBytes: number
}

type Check = (guard: Guard, candidate: Candidate, arrival: Arrival) => boolean

/** SPEC: in this order. Replays are told before signatures: a doubled message costs no curve arithmetic. */
const CHECKS: readonly (readonly [RejectionCode, Check])[] = [
  ['oversized', (_, { kind, sizeBytes }) => sizeBytes <= MESSAGE_KINDS[kind].maxBytes],
  ['wrong-network', ({ rules }, { network }) => encodeHex(network) === rules.network],
  ['wrong-channel', (_, { kind }, { channel }) => MESSAGE_KINDS[kind].channel === channel],
  // Else a receiver could pass on what was said to it as if it had been said to somebody else.
  ['wrong-sender', (_, { sender }, { channel, remote }) => channel !== 'direct' || sender === remote],
  ['unknown-peer', ({ rules }, { sender, kind }) => rules.isKnown(sender) || rules.mayStrangersSend(kind)],
  ['wrong-job', isJobRight],
  ['replayed', (guard, { sender, sequence }, { channel }) => sequence > (lastSequence(guard, sender, channel) ?? -1)],
  ['bad-signature', ({ rules }, { wire }) => rules.verifySignature(wire.publicKey, wire.envelope, wire.signature)],
]

/** Checks and decodes one message, and counts it. Never throws. */
export function openMessage(guard: Guard, bytes: Uint8Array, arrival: Arrival): Opened {
  const opened = open(guard, bytes, arrival)
  if (opened.ok) guard.accepted++
  else guard.rejected[opened.code]++
  return opened
}

function open(guard: Guard, bytes: Uint8Array, arrival: Arrival): Opened {
  if (bytes.length > MAX_MESSAGE_BYTES) return { ok: false, code: 'oversized' }
  const candidate = candidateOf(bytes)
  if (candidate === undefined) return { ok: false, code: 'malformed' }
  const failed = CHECKS.find(([, holds]) => !holds(guard, candidate, arrival))
  if (failed !== undefined) return { ok: false, code: failed[0] }
  rememberSequence(guard, candidate.sender, arrival.channel, candidate.sequence)
  const body = bodyOf(candidate)
  return body === undefined ? { ok: false, code: 'bad-body' } : { ok: true, message: messageOf(candidate, body) }
}

function candidateOf(bytes: Uint8Array): Candidate | undefined {
  const wire = decodeWire(bytes)
  const header = wire && decodeEnvelope(wire.envelope)
  if (header === undefined || !isMessageKind(header.kind)) return undefined
  const jobHex = header.job && (encodeHex(header.job) as JobId)
  return {
    ...header,
    kind: header.kind,
    sender: encodeHex(wire!.publicKey),
    jobHex,
    wire: wire!,
    sizeBytes: bytes.length,
  }
}

function isJobRight({ rules }: Guard, { kind, jobHex, sender }: Candidate): boolean {
  if (MESSAGE_KINDS[kind].scope === 'network') return jobHex === undefined
  return jobHex !== undefined && rules.isJobKnown(jobHex, kind, sender)
}

function bodyOf({ kind, body, jobHex }: Candidate): MessageBodies[MessageKind] | undefined {
  const { body: schema, units } = MESSAGE_KINDS[kind] as { body: typeof MESSAGE_KINDS.lease.body; units?: UnitsOf }
  const result = schema.safeParse(decoded(body))
  if (!result.success || units?.(result.data).some(({ job }) => job !== jobHex)) return undefined
  return result.data as MessageBodies[MessageKind]
}

type UnitsOf = (body: unknown) => readonly Unit[]

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeCanonical(bytes)
  } catch {
    return undefined // no schema takes it
  }
}

function messageOf({ kind, sender, sequence, jobHex }: Candidate, body: MessageBodies[MessageKind]): Message {
  return { kind, sender, sequence, ...(jobHex === undefined ? {} : { job: jobHex }), body } as Message
}
