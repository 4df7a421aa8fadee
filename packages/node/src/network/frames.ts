/**
 * Frames on a stream: four bytes of length, big-endian, then so many bytes. All of Cairn's protocols use them.
 * SAFETY: memory grows with what has arrived, never with what a header claims; a header above the limit ends the stream,
 * and so does a frame that takes too long.
 */
import type { Stream } from '@libp2p/interface'

const HEADER_SIZE_BYTES = 4
const FIRST_BYTES = 65_536

type NewBody = (bytes: number) => Uint8Array

/** PERF: not zeroed, for nobody reads on. */
const unzeroed: NewBody = bytes => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)

/** Why no more frames come. */
type FramesEnd = 'closed' | 'reset' | 'oversized' | 'stalled'

export interface FrameOptions {
  /** Asked anew for every frame: a peer may become known while its stream is open. */
  readonly maxBytes: () => number
  /** PERF: room for a frame that has so many bytes or more; what it returns may have more room. */
  readonly newBody?: NewBody
  /** Longest that a frame may take from its first byte to its last. */
  readonly frameTimeoutMs: number
  readonly onFrame: (bytes: Uint8Array) => void
  readonly onEnd: (reason: FramesEnd) => void
}

/** Joins parts into one frame, with their length in front. */
export function framed(...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  const frame = new Uint8Array(HEADER_SIZE_BYTES + size)
  new DataView(frame.buffer).setUint32(0, size)
  let at = HEADER_SIZE_BYTES
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/** The begin of a frame: its length and its first part. PERF: what is long follows as it is, uncopied. */
export function frameHead(first: Uint8Array, restBytes: number): Uint8Array {
  const head = framed(first)
  new DataView(head.buffer).setUint32(0, first.length + restBytes)
  return head
}

export interface FrameAssembler {
  /** Takes the next bytes; false when a header is above the limit, after which nothing more may come. */
  push(bytes: Uint8Array): boolean
  /** Whether a frame has begun and not ended. */
  readonly isInside: boolean
}

/** Cuts bytes, however they arrive, into frames. */
export function frameAssembler(
  maxBytes: () => number,
  onFrame: (bytes: Uint8Array) => void,
  newBody = unzeroed,
): FrameAssembler {
  const header = new Uint8Array(HEADER_SIZE_BYTES)
  let headerBytes = 0
  let size = 0
  let body: Uint8Array = new Uint8Array()
  let bodyBytes = 0

  function takeHeader(bytes: Uint8Array): number {
    const taken = Math.min(HEADER_SIZE_BYTES - headerBytes, bytes.length)
    header.set(bytes.subarray(0, taken), headerBytes)
    headerBytes += taken
    if (headerBytes === HEADER_SIZE_BYTES) size = new DataView(header.buffer).getUint32(0)
    return taken
  }

  function takeBody(bytes: Uint8Array): number {
    const taken = Math.min(size - bodyBytes, bytes.length)
    if (bodyBytes + taken > body.length) {
      const grown = newBody(Math.min(size, Math.max(FIRST_BYTES, 2 * body.length, bodyBytes + taken)))
      grown.set(body.subarray(0, bodyBytes))
      body = grown
    }
    body.set(bytes.subarray(0, taken), bodyBytes)
    bodyBytes += taken
    return taken
  }

  function finish(): void {
    const frame = body.subarray(0, size)
    body = new Uint8Array()
    headerBytes = 0
    bodyBytes = 0
    onFrame(frame)
  }

  return {
    push(bytes) {
      for (let rest = bytes; rest.length > 0; ) {
        rest = rest.subarray(headerBytes < HEADER_SIZE_BYTES ? takeHeader(rest) : takeBody(rest))
        if (headerBytes < HEADER_SIZE_BYTES) continue
        if (size > maxBytes()) return false
        if (bodyBytes === size) finish()
      }
      return true
    },
    get isInside() {
      return headerBytes > 0
    },
  }
}

/** Reads frames from a stream until it ends, or aborts it when the peer breaks a limit. */
export function readFrames(stream: Stream, options: FrameOptions): void {
  const { maxBytes, frameTimeoutMs, onFrame, onEnd } = options
  let hasEnded = false
  let timer: NodeJS.Timeout | undefined
  const take = (bytes: Uint8Array): void => {
    clearTimeout(timer)
    timer = undefined
    if (!hasEnded) onFrame(bytes)
  }
  const assembler = frameAssembler(maxBytes, take, options.newBody)
  const end = (reason: FramesEnd): void => {
    if (hasEnded) return
    hasEnded = true
    clearTimeout(timer)
    if (reason === 'oversized' || reason === 'stalled') stream.abort(new Error(`frame ${reason}`))
    onEnd(reason)
  }
  stream.addEventListener('message', ({ data }) => {
    if (hasEnded) return
    for (const bytes of data instanceof Uint8Array ? [data] : data) if (!assembler.push(bytes)) return end('oversized')
    if (assembler.isInside) timer ??= setTimeout(() => end('stalled'), frameTimeoutMs)
  })
  stream.addEventListener('end', () => end('closed'))
  stream.addEventListener('close', event => end(event.error === undefined ? 'closed' : 'reset'))
  if (stream.readableEnded || stream.status !== 'open') end('closed')
}
