/** Every time limit and size limit of the network, in one place, so that tests and people can change them. */
import { MAX_MESSAGE_BYTES, MESSAGE_KINDS } from '@cairn/protocol'
import type { RateLimit } from './rate-limit.ts'

export interface NetworkLimits {
  /** Longest that dialling a peer may take, all its addresses together. */
  readonly dialTimeoutMs: number
  /** Longest that negotiating a protocol on a new stream may take. */
  readonly openTimeoutMs: number
  /** How often every connection is tried, and how long that may take before the connection is given up. */
  readonly pingEveryMs: number
  readonly pingTimeoutMs: number
  /** Longest from the first byte of a message or question to its last. */
  readonly frameTimeoutMs: number
  /** Longest that a peer may take no bytes while there are some for it. */
  readonly drainTimeoutMs: number
  /** After a peer could not be reached, messages to it are dropped for so long. */
  readonly unreachableMs: number
  /** Most bytes that wait for one peer; the oldest messages are dropped first. */
  readonly maxQueuedBytes: number
  /** Largest message that is read from a peer that this node deals with, and from any other. */
  readonly maxMessageBytes: number
  readonly maxStrangerMessageBytes: number
  /** Messages from one peer, beyond which they are dropped. */
  readonly messageRate: RateLimit
  readonly maxQuestionBytes: number
  readonly maxAnswerBytes: number
  /** Longest that this node may take for an answer. */
  readonly answerTimeoutMs: number
  readonly questionRate: RateLimit
  /** Questions from all peers together: keys cost nothing to make. */
  readonly totalQuestionRate: RateLimit
  readonly maxConnections: number
  /** New connections from one address in a second; a fleet behind one address needs some. */
  readonly inboundConnectionsPerSecond: number
  /** Pause before a bootstrap peer is dialled again; it doubles up to the longest. */
  readonly redialMs: number
  readonly longestRedialMs: number
}

const MIB = 2 ** 20

export const DEFAULT_LIMITS: NetworkLimits = {
  dialTimeoutMs: 8_000,
  openTimeoutMs: 8_000,
  pingEveryMs: 15_000,
  pingTimeoutMs: 15_000, // a machine that trains may be busy for seconds
  frameTimeoutMs: 30_000,
  drainTimeoutMs: 30_000,
  unreachableMs: 500,
  maxQueuedBytes: 32 * MIB,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxStrangerMessageBytes: MESSAGE_KINDS.submitted.maxBytes,
  messageRate: { perSecond: 500, burst: 2_000 },
  maxQuestionBytes: 64 * 1024,
  maxAnswerBytes: 8 * MIB,
  answerTimeoutMs: 10_000,
  questionRate: { perSecond: 20, burst: 60 },
  totalQuestionRate: { perSecond: 200, burst: 400 },
  maxConnections: 300,
  inboundConnectionsPerSecond: 100,
  redialMs: 500,
  longestRedialMs: 30_000,
}
