/**
 * Fetching blobs by content: from several peers at once, checked piece by piece, resumed from what an earlier attempt
 * left. Fetches of one blob share one transfer. SPEC: docs/spec/messages.md "Blob exchange".
 */
import type { BlobId, PeerAddress } from '@cairn/protocol'
import type { Connections } from '../network/connections.ts'
import { type BlobSession, blobSession } from './blob-session.ts'
import type { BlobStore } from './blob-store.ts'
import { MAX_RESPONSE_BYTES } from './exchange-wire.ts'
import { receiveBuffers } from './receive-buffers.ts'
import { beginFetch, type Fetched, type FetchLimits, type FetchProgress, type RunningFetch } from './running-fetch.ts'

const DEFAULT_FETCH_LIMITS: FetchLimits = {
  pieceBytes: MAX_RESPONSE_BYTES,
  piecesPerPeer: 4,
  maxUnderWay: 8,
  requestTimeoutMs: 20_000,
  maxFailures: 8,
  maxPeers: 4,
}

interface FetchOptions {
  /** Names of the parts that are wanted; the blob is then here in part. PERF: some need half of a large state. */
  readonly names?: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FetchProgress) => void
  /** Whether the blob is to be safe from a power cut, as it is unless this is false. PERF: disks take their time. */
  readonly isDurable?: boolean
}

export interface BlobFetcher {
  /** Brings a blob into the store. What peers or the disk do wrong is a value. */
  fetch(id: BlobId, sources: readonly PeerAddress[], options?: FetchOptions): Promise<Fetched>
  /** Ends all fetches; what they had stays for another time. */
  stop(): void
}

interface Shared {
  readonly names: readonly string[] | undefined
  readonly running: RunningFetch
  waiters: number
}

/** Fetches into a store over a host's connections. */
export function blobFetcher(
  connections: Connections,
  store: BlobStore,
  limits: Partial<FetchLimits> = {},
): BlobFetcher {
  const bounds = { ...DEFAULT_FETCH_LIMITS, ...limits }
  const fetches = new Map<BlobId, Shared>()
  const sessions = new Map<string, BlobSession>()
  const buffers = receiveBuffers(bounds.maxUnderWay)

  function sessionOf(peer: string): BlobSession {
    const session = sessions.get(peer) ?? blobSession(connections, peer, bounds, buffers)
    sessions.set(peer, session)
    return session
  }

  function begin(id: BlobId, names: readonly string[] | undefined): Shared {
    const running = beginFetch({ id, ...(names && { names }), store, limits: bounds, sessionOf })
    const shared = { names, running, waiters: 0 }
    fetches.set(id, shared)
    void running.done.finally(() => {
      if (fetches.get(id) === shared) fetches.delete(id)
    })
    return shared
  }

  const stopListening = connections.onDisconnect(peer => {
    sessions.get(peer)?.close()
    sessions.delete(peer)
  })

  return {
    async fetch(id, sources, { names, signal, onProgress, isDurable = true } = {}) {
      for (const source of sources) connections.learn(source)
      // Two fetches of one blob would write one file.
      for (let other = fetches.get(id); other !== undefined && !covers(other, names); other = fetches.get(id)) {
        await orCancelled(other.running, signal)
        if (signal?.aborted) return cancelled(other.running)
      }
      const shared = fetches.get(id) ?? begin(id, names)
      const { running } = shared
      shared.waiters++
      if (isDurable) running.makeDurable()
      running.addSources(sources.map(({ peer }) => peer))
      const stopProgress = onProgress && running.onProgress(onProgress)
      const fetched = await orCancelled(running, signal)
      stopProgress?.()
      shared.waiters--
      if (shared.waiters === 0 && signal?.aborted) {
        fetches.delete(id) // whoever asks from now on begins anew
        running.cancel()
        await running.done
      }
      return fetched
    },
    stop() {
      stopListening()
      for (const { running } of fetches.values()) running.cancel()
      for (const session of sessions.values()) session.close()
    },
  }
}

const covers = ({ names }: Shared, wanted: readonly string[] | undefined): boolean =>
  names === undefined || (wanted?.every(name => names.includes(name)) ?? false)

const cancelled = (running: RunningFetch): Fetched => {
  return { ok: false, code: 'Cancelled', detail: 'nobody wants it any more', stats: running.stats() }
}

function orCancelled(running: RunningFetch, signal: AbortSignal | undefined): Promise<Fetched> {
  if (signal === undefined) return running.done
  const { promise, resolve } = Promise.withResolvers<Fetched>()
  const onAbort = (): void => resolve(cancelled(running))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([running.done, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
