/**
 * Memory that answers of peers are received into, used again. PERF: a megabyte that fills slowly is old by the time it is full,
 * and to be rid of old buffers V8 marks its whole heap.
 */
import { MAX_RESPONSE_FRAME_BYTES } from './exchange-wire.ts'

export interface ReceiveBuffers {
  /** Returns room for the longest frame, with anything in it. */
  take(): Uint8Array
  /** Takes back what `take` returned, or a view of it; nobody may look at it any more. */
  recycle(bytes: Uint8Array): void
}

/** Keeps at most so many that nobody uses. */
export function receiveBuffers(most: number): ReceiveBuffers {
  const free: ArrayBufferLike[] = []
  return {
    take: () => new Uint8Array(free.pop() ?? Buffer.allocUnsafeSlow(MAX_RESPONSE_FRAME_BYTES).buffer),
    recycle({ buffer }) {
      const isOurs = buffer.byteLength === MAX_RESPONSE_FRAME_BYTES && !free.includes(buffer)
      if (isOurs && free.length < most) free.push(buffer)
    },
  }
}
