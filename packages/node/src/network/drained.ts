/** Writing no faster than the peer reads. */
import type { Stream } from '@libp2p/interface'

/** Most bytes that wait in a stream before a writer has to wait too. */
const MAX_WAITING_BYTES = 262_144

/**
 * Waits until a stream takes more bytes. Returns false when it ended or did not within `timeoutMs`.
 * Not `stream.onDrain()`: in libp2p 3.3 that returns at once from the second time on.
 */
export async function drained(stream: Stream, timeoutMs: number): Promise<boolean> {
  if (isFull(stream)) {
    const deadline = AbortSignal.timeout(timeoutMs)
    while (isFull(stream) && stream.status === 'open' && !deadline.aborted)
      await nextOf(stream, ['drain', 'idle', 'close'], deadline)
  }
  return stream.status === 'open' && !isFull(stream)
}

const isFull = (stream: Stream): boolean => stream.writableNeedsDrain || stream.writeBufferLength > MAX_WAITING_BYTES

function nextOf(stream: Stream, events: readonly ('drain' | 'idle' | 'close')[], signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => resolve()
  for (const event of events) stream.addEventListener(event, done, { once: true })
  signal.addEventListener('abort', done, { once: true })
  return promise.finally(() => {
    for (const event of events) stream.removeEventListener(event, done)
    signal.removeEventListener('abort', done)
  })
}
