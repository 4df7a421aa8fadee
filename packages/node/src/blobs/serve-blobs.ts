/**
 * Serving blobs: only bytes that verify, one response at a time on a stream, and the next when the peer has taken it.
 * SAFETY: bounded by streams of a peer and of all peers, requests waiting on a stream, and time without a request.
 */
import { encodeManifest } from '@cairn/protocol'
import type { Stream } from '@libp2p/interface'
import type { Connections } from '../network/connections.ts'
import { drained } from '../network/drained.ts'
import { frameHead, readFrames } from '../network/frames.ts'
import type { BlobStore } from './blob-store.ts'
import {
  BLOB_PROTOCOL,
  type BlobRequest,
  type BlobResponse,
  decodeRequest,
  MAX_REQUEST_FRAME_BYTES,
  MAX_RESPONSE_BYTES,
  manifestSliceHeader,
  responseHeader,
} from './exchange-wire.ts'

export interface ServeLimits {
  readonly maxStreamsPerPeer: number
  readonly maxStreams: number
  readonly maxWaitingRequests: number
  /** A stream without a request for so long is closed. */
  readonly idleMs: number
  /** A peer that takes no bytes for so long is let go. */
  readonly drainTimeoutMs: number
}

const DEFAULT_SERVE_LIMITS: ServeLimits = {
  maxStreamsPerPeer: 4,
  maxStreams: 128,
  maxWaitingRequests: 64,
  idleMs: 60_000,
  drainTimeoutMs: 20_000,
}

export interface ServeCounts {
  bytes: number
  /** Streams turned away or ended because a peer asked too much, or nonsense. */
  refused: number
}

/** Serves a store's blobs to peers. */
export async function serveBlobs(
  connections: Connections,
  store: BlobStore,
  limits: Partial<ServeLimits> = {},
): Promise<ServeCounts> {
  const bounds = { ...DEFAULT_SERVE_LIMITS, ...limits }
  const streams = new Map<string, number>()
  const counts: ServeCounts = { bytes: 0, refused: 0 }
  let total = 0

  const countStream = (peer: string, change: 1 | -1): void => {
    const now = (streams.get(peer) ?? 0) + change
    if (now > 0) streams.set(peer, now)
    else streams.delete(peer)
    total += change
  }

  function serve(stream: Stream, from: string): void {
    if (total >= bounds.maxStreams || (streams.get(from) ?? 0) >= bounds.maxStreamsPerPeer) {
      counts.refused++
      stream.abort(new Error('too many streams'))
      return
    }
    countStream(from, 1)
    stream.addEventListener('close', () => countStream(from, -1), { once: true })
    serveStream(stream, store, bounds, counts)
  }

  await connections.handle(BLOB_PROTOCOL, serve, bounds.maxStreamsPerPeer)
  return counts
}

function serveStream(stream: Stream, store: BlobStore, bounds: ServeLimits, counts: ServeCounts): void {
  const waiting: BlobRequest[] = []
  let isPumping = false
  let idle: NodeJS.Timeout | undefined

  const close = (): void => {
    stream
      .close({ signal: AbortSignal.timeout(bounds.drainTimeoutMs) })
      .catch(() => stream.abort(new Error('not closed')))
  }
  const refuse = (reason: string): void => {
    counts.refused++
    stream.abort(new Error(reason))
  }
  const waitForRequest = (): void => {
    clearTimeout(idle)
    idle = setTimeout(close, bounds.idleMs)
  }

  async function pump(): Promise<void> {
    isPumping = true
    clearTimeout(idle)
    for (let next = waiting.shift(); next !== undefined && stream.writeStatus === 'writable'; next = waiting.shift()) {
      const { content, ...header } = await respond(store, next)
      if (stream.writeStatus !== 'writable') break
      const contentBytes = content.reduce((sum, { length }) => sum + length, 0)
      stream.send(frameHead(responseHeader(header), contentBytes))
      for (const part of content) stream.send(part)
      counts.bytes += contentBytes
      if (!(await drained(stream, bounds.drainTimeoutMs))) stream.abort(new Error('the peer takes no bytes'))
    }
    isPumping = false
    if (stream.status === 'open') waitForRequest()
  }

  waitForRequest()
  readFrames(stream, {
    maxBytes: () => MAX_REQUEST_FRAME_BYTES,
    frameTimeoutMs: bounds.idleMs,
    onFrame(bytes) {
      const request = decodeRequest(bytes)
      if (request === undefined || waiting.length >= bounds.maxWaitingRequests) return refuse('no request, or too many')
      waiting.push(request)
      if (!isPumping) void pump().catch(() => stream.abort(new Error('broken')))
    },
    onEnd(reason) {
      clearTimeout(idle)
      waiting.length = 0
      if (reason === 'oversized' || reason === 'stalled') counts.refused++
      if (reason === 'closed') close()
    },
  })
}

interface Prepared extends Omit<BlobResponse, 'content'> {
  readonly content: readonly Uint8Array[]
}

async function respond(store: BlobStore, { kind, request, id, runs }: BlobRequest): Promise<Prepared> {
  if (kind === 'chunks') {
    const bytes = await store.readChunks(id, runs, MAX_RESPONSE_BYTES)
    return typeof bytes === 'string'
      ? { status: bytes, request, content: [] }
      : { status: 'found', request, content: [bytes] }
  }
  const manifest = await store.manifest(id)
  if (manifest === undefined) return { status: 'missing', request, content: [] }
  const bytes = encodeManifest(manifest)
  const first = runs[0]?.first ?? 0
  const slice = bytes.subarray(first, first + MAX_RESPONSE_BYTES)
  return { status: 'found', request, content: [manifestSliceHeader(bytes.length), slice] }
}
