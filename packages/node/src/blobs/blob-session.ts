/**
 * The asking side of one peer: a stream that is kept, several requests under way on it, a deadline for each. Whatever a
 * peer does wrong is a value; after it the stream is gone and the next request opens another.
 */
import type { BlobId } from '@cairn/protocol'
import type { Stream } from '@libp2p/interface'
import type { Connections } from '../network/connections.ts'
import { framed, readFrames } from '../network/frames.ts'
import {
  BLOB_PROTOCOL,
  type BlobRequest,
  type ChunkRun,
  decodeResponse,
  encodeRequest,
  MAX_RESPONSE_FRAME_BYTES,
} from './exchange-wire.ts'
import type { ReceiveBuffers } from './receive-buffers.ts'

export interface SessionLimits {
  /** Requests under way at a peer; the others wait for their turn. */
  readonly maxUnderWay: number
  readonly requestTimeoutMs: number
}

/** `lost`: no connection, or a stream that ended; `bad`: something that no honest peer sends. */
export type SessionReply =
  | { readonly status: 'found'; readonly content: Uint8Array }
  | { readonly status: 'missing' | 'refused' | 'lost' | 'timeout' | 'bad' }

export interface BlobSession {
  ask(kind: BlobRequest['kind'], id: BlobId, runs: readonly ChunkRun[]): Promise<SessionReply>
  /** The content of an answer is needed no more: its memory serves the next one. */
  recycle(content: Uint8Array): void
  /** Ends what is under way: the peer has sent bytes that are not what was asked for. */
  reject(): void
  close(): void
}

interface Pending {
  readonly request: BlobRequest
  readonly resolve: (reply: SessionReply) => void
  timer?: NodeJS.Timeout
}

/** Asks one peer for blobs. */
export function blobSession(
  connections: Connections,
  peer: string,
  limits: SessionLimits,
  buffers: ReceiveBuffers,
): BlobSession {
  const underWay = new Map<number, Pending>()
  const waiting: Pending[] = []
  let stream: Stream | undefined
  let opening: Promise<void> | undefined
  let nextRequest = 0
  let isClosed = false

  function end(reply: SessionReply): void {
    const all = [...underWay.values()]
    underWay.clear()
    if (stream?.status === 'open') stream.abort(new Error(`blob stream: ${reply.status}`))
    stream = undefined
    for (const { resolve, timer } of all) {
      clearTimeout(timer)
      resolve(reply)
    }
    if (reply.status === 'bad' || isClosed) failWaiting(reply)
    else void sendWaiting()
  }

  function onFrame(bytes: Uint8Array): void {
    const response = decodeResponse(bytes)
    const pending = response && underWay.get(response.request)
    if (response === undefined || pending === undefined) {
      end({ status: 'bad' })
      return
    }
    underWay.delete(response.request)
    clearTimeout(pending.timer)
    const { status, content } = response
    if (status !== 'found') buffers.recycle(bytes)
    pending.resolve(status === 'found' ? { status, content } : { status })
    void sendWaiting()
  }

  async function open(): Promise<void> {
    const opened = await connections.openStream(peer, BLOB_PROTOCOL)
    opening = undefined
    if (opened === undefined || isClosed) return opened?.abort(new Error('closed'))
    stream = opened
    readFrames(opened, {
      maxBytes: () => MAX_RESPONSE_FRAME_BYTES,
      newBody: buffers.take,
      frameTimeoutMs: limits.requestTimeoutMs,
      onFrame: bytes => opened === stream && onFrame(bytes),
      onEnd(reason) {
        if (reason === 'closed') opened.close().catch(() => undefined)
        if (opened === stream) end({ status: reason === 'oversized' ? 'bad' : 'lost' })
      },
    })
  }

  async function sendWaiting(): Promise<void> {
    if (waiting.length === 0 || underWay.size >= limits.maxUnderWay) return
    if (stream?.status !== 'open') {
      stream = undefined
      opening ??= open()
      await opening
      if (stream === undefined) return failWaiting({ status: 'lost' })
    }
    while (underWay.size < limits.maxUnderWay) {
      const next = waiting.shift()
      if (next === undefined) return
      send(next)
    }
  }

  function send(pending: Pending): void {
    pending.timer = setTimeout(() => end({ status: 'timeout' }), limits.requestTimeoutMs)
    underWay.set(pending.request.request, pending)
    try {
      stream?.send(framed(encodeRequest(pending.request)))
    } catch {
      end({ status: 'lost' })
    }
  }

  function failWaiting(reply: SessionReply): void {
    for (const { resolve } of waiting.splice(0)) resolve(reply)
  }

  return {
    ask(kind, id, runs) {
      if (isClosed) return Promise.resolve({ status: 'lost' })
      const { promise, resolve } = Promise.withResolvers<SessionReply>()
      nextRequest = (nextRequest + 1) % 2 ** 32
      waiting.push({ request: { kind, request: nextRequest, id, runs }, resolve })
      void sendWaiting()
      return promise
    },
    recycle: buffers.recycle,
    reject: () => end({ status: 'bad' }),
    close() {
      isClosed = true
      end({ status: 'lost' })
    },
  }
}
