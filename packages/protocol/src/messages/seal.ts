/** Sealing: what a node has to say becomes signed bytes. */
import { encodeCanonical, type HashHex, hashFromHex, InternalError } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import { MESSAGE_KINDS, type MessageBodies, type MessageKind } from './bodies.ts'
import { encodeWire, envelopeAround } from './wire.ts'

/** Who a node is on the wire. */
export interface MessageSigner {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly sign: (bytes: Uint8Array) => Uint8Array
}

/** A message before it is signed. */
export interface Draft<Kind extends MessageKind = MessageKind> {
  readonly network: HashHex
  readonly kind: Kind
  /** Greater than that of every message sent before on this kind's channel; see `nextSequence`. */
  readonly sequence: number
  /** Absent for kinds that belong to no job. */
  readonly job?: JobId
  readonly body: MessageBodies[Kind]
}

/**
 * Signs a message and encodes it. Throws `InternalError` (`BadMessage`) on a body that no receiver would take: it is
 * this node's own.
 */
export function sealMessage<Kind extends MessageKind>(signer: MessageSigner, draft: Draft<Kind>): Uint8Array {
  const { network, kind, sequence, job, body } = draft
  const { scope, maxBytes } = MESSAGE_KINDS[kind]
  if ((job !== undefined) !== (scope === 'job')) throw badMessage(kind, `a ${scope} envelope`, job ?? 'no job')
  const envelope = envelopeAround({
    network: hashFromHex(network),
    kind,
    sequence,
    job: job === undefined ? undefined : hashFromHex(job),
    body: encodedBody(kind, body),
  })
  const bytes = encodeWire({ envelope, publicKey: signer.publicKey, signature: signer.sign(envelope) })
  if (bytes.length > maxBytes) throw badMessage(kind, `at most ${maxBytes} bytes`, `${bytes.length} bytes`)
  return bytes
}

/** PERF: what is said to many is checked and encoded once: bodies are never changed. */
const encodedBodies = new WeakMap<object, { readonly kind: MessageKind; readonly bytes: Uint8Array }>()

function encodedBody(kind: MessageKind, body: object): Uint8Array {
  const known = encodedBodies.get(body)
  if (known?.kind === kind) return known.bytes
  const result = MESSAGE_KINDS[kind].body.safeParse(body)
  if (!result.success) throw badMessage(kind, 'a body of its schema', result.error.message)
  const bytes = encodeCanonical(body)
  encodedBodies.set(body, { kind, bytes })
  return bytes
}

/**
 * Returns the next sequence number of a channel: microseconds of the clock, or one more than the last where the clock
 * stands still or went back. A restarted node goes on above what it sent before without having stored it.
 */
export const nextSequence = (last: number, nowMs: number): number => Math.max(last + 1, nowMs * 1000)

const badMessage = (kind: MessageKind, expected: string, found: string): InternalError =>
  new InternalError('BadMessage', `This node made a ${kind} message that nobody would accept.`, {
    path: kind,
    expected,
    found,
    fix: 'Report this; the node goes on without the message.',
  })
