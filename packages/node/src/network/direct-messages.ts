/**
 * Direct messages: one long stream to each peer, framed. SPEC: docs/spec/messages.md "Channels".
 * Delivery is best effort: roles repeat what is not answered. What waits for a peer is bounded, the oldest goes first,
 * and a peer that cannot be reached costs one dial at a time.
 */
import type { Stream } from '@libp2p/interface'
import type { Connections } from './connections.ts'
import { drained } from './drained.ts'
import { framed, readFrames } from './frames.ts'
import type { NetworkLimits } from './limits.ts'
import { type Outbox, outboxBook } from './outboxes.ts'
import { rateLimiter } from './rate-limit.ts'

export const MESSAGE_PROTOCOL = '/cairn/message/1'
/** One, and another while the first one's end is not known yet. */
const MAX_INBOUND_STREAMS = 3

export interface MessageCounts {
  sent: number
  sentBytes: number
  received: number
  /** Dropped because too much waited for a peer, or because it could not be reached. */
  overflowed: number
  undelivered: number
  /** Streams that were ended because a peer broke a limit, and messages beyond its rate. */
  brokenStreams: number
  tooMany: number
}

export interface DirectMessages {
  readonly counts: MessageCounts
  send(peer: string, bytes: Uint8Array): void
  stop(): void
}

interface DirectMessageOptions {
  readonly connections: Connections
  readonly limits: NetworkLimits
  readonly nowMs: () => number
  readonly isKnown: (peer: string) => boolean
  readonly onMessage: (bytes: Uint8Array, from: string) => void
}

/** Handles the message protocol of a node. */
export async function directMessages(options: DirectMessageOptions): Promise<DirectMessages> {
  const { connections, limits, nowMs, isKnown, onMessage } = options
  const counts = { sent: 0, sentBytes: 0, received: 0, overflowed: 0, undelivered: 0, brokenStreams: 0, tooMany: 0 }
  const outboxes = outboxBook()
  const limiter = rateLimiter(limits.messageRate, nowMs)
  let isStopped = false

  function receive(stream: Stream, from: string): void {
    stream.close().catch(() => undefined) // nothing is answered on it
    readFrames(stream, {
      maxBytes: () => (isKnown(from) ? limits.maxMessageBytes : limits.maxStrangerMessageBytes),
      frameTimeoutMs: limits.frameTimeoutMs,
      onFrame(bytes) {
        if (!limiter.take(from)) counts.tooMany++
        else {
          counts.received++
          onMessage(bytes, from)
        }
      },
      onEnd: reason => {
        if (reason === 'oversized' || reason === 'stalled') counts.brokenStreams++
      },
    })
  }

  async function pump(peer: string, outbox: Outbox): Promise<void> {
    outbox.isPumping = true
    while (outbox.queue.length > 0 && !isStopped) {
      const stream = await streamTo(peer, outbox)
      if (stream === undefined || !(await sendNext(stream, outbox))) giveUp(outbox, stream)
    }
    outbox.isPumping = false
  }

  async function streamTo(peer: string, outbox: Outbox): Promise<Stream | undefined> {
    if (outbox.stream?.status === 'open') return outbox.stream
    outbox.stream = await connections.openStream(peer, MESSAGE_PROTOCOL)
    return outbox.stream
  }

  async function sendNext(stream: Stream, outbox: Outbox): Promise<boolean> {
    const bytes = outbox.queue.shift()
    if (bytes === undefined) return true
    outbox.queuedBytes -= bytes.length
    try {
      stream.send(framed(bytes))
      counts.sent++
      counts.sentBytes += bytes.length
    } catch {
      counts.undelivered++ // the stream has just ended
    }
    return drained(stream, limits.drainTimeoutMs)
  }

  /** What waits is old by now: whoever said it will say it again. */
  function giveUp(outbox: Outbox, stream: Stream | undefined): void {
    if (stream === undefined) outbox.unreachableUntilMs = nowMs() + limits.unreachableMs
    else if (stream.status === 'open') stream.abort(new Error('the peer takes no bytes'))
    else return // it ended by itself: what still waits is worth another stream
    outbox.stream = undefined
    counts.undelivered += outbox.queue.length
    outbox.queue.length = 0
    outbox.queuedBytes = 0
  }

  /** Whoever connects can be reached, whatever was found before. */
  const stopListening = connections.onConnect(peer => {
    const outbox = outboxes.find(peer)
    if (outbox !== undefined) outbox.unreachableUntilMs = 0
  })
  await connections.handle(MESSAGE_PROTOCOL, receive, MAX_INBOUND_STREAMS)

  return {
    counts,
    send(peer, bytes) {
      const outbox = outboxes.of(peer)
      if (isStopped || nowMs() < outbox.unreachableUntilMs) {
        counts.undelivered++
        return
      }
      outbox.queue.push(bytes)
      outbox.queuedBytes += bytes.length
      while (outbox.queuedBytes > limits.maxQueuedBytes && outbox.queue.length > 1) {
        outbox.queuedBytes -= outbox.queue.shift()!.length
        counts.overflowed++
      }
      if (!outbox.isPumping) void pump(peer, outbox)
    },
    stop() {
      isStopped = true
      stopListening()
    },
  }
}
