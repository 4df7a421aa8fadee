/** One fetch under way: first the manifest, from whoever has it, then the pieces, then the blob is put into place. */
import { ResourceError } from '@cairn/primitives'
import { type BlobId, type BlobLayout, type BlobManifest, layoutOf } from '@cairn/protocol'
import type { BlobSession, SessionLimits } from './blob-session.ts'
import type { BlobStore } from './blob-store.ts'
import { fetchManifest } from './fetch-manifest.ts'
import type { PartialBlob } from './partial-blob.ts'
import { peerPool } from './peer-pool.ts'
import { missingPieces } from './pieces.ts'
import { beginTransfer, judge, type PeerStats, type TransferLimits } from './transfer.ts'

export interface FetchLimits extends SessionLimits, TransferLimits {
  /** Bytes that one request asks for. */
  readonly pieceBytes: number
  /** Peers that serve one fetch at a time; the others step in for those that fail. */
  readonly maxPeers: number
}

export interface FetchProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}

interface FetchStats extends FetchProgress {
  /** Bytes that an earlier attempt had left. */
  readonly resumedBytes: number
  readonly durationMs: number
  /** Every peer that was asked. */
  readonly peers: ReadonlyMap<string, Readonly<PeerStats>>
}

/** Why a blob could not be fetched. */
type FetchProblem = 'Unavailable' | 'Cancelled' | 'DiskFull' | 'NotWritable'

export type Fetched =
  | { readonly ok: true; readonly stats: FetchStats }
  | { readonly ok: false; readonly code: FetchProblem; readonly detail: string; readonly stats: FetchStats }

export interface RunningFetch {
  readonly done: Promise<Fetched>
  addSources(peers: readonly string[]): void
  onProgress(callback: (progress: FetchProgress) => void): () => void
  stats(): FetchStats
  cancel(): void
  /** Somebody wants the blob to outlast a power cut. */
  makeDurable(): void
}

interface FetchContext {
  readonly id: BlobId
  /** Names of the parts that are wanted; left out, the whole blob is. */
  readonly names?: readonly string[]
  readonly store: BlobStore
  readonly limits: FetchLimits
  readonly sessionOf: (peer: string) => BlobSession
}

/** Begins a fetch; it waits for sources to be added within the same turn. */
export function beginFetch({ id, names, store, limits, sessionOf }: FetchContext): RunningFetch {
  const startedMs = performance.now()
  let isDurable = false
  const stopping = new AbortController()
  const peers = new Map<string, PeerStats>()
  const listeners = new Set<(progress: FetchProgress) => void>()
  const bytes = { doneBytes: 0, totalBytes: 0, resumedBytes: 0 }
  const pool = peerPool(limits.maxPeers, stopping.signal)
  const statsOf = (peer: string): PeerStats => {
    const stats = peers.get(peer) ?? { bytes: 0, failures: 0, outcome: 'served' }
    peers.set(peer, stats)
    return stats
  }
  const stats = (): FetchStats => ({ ...bytes, peers, durationMs: Math.round(performance.now() - startedMs) })
  const fail = (code: FetchProblem, detail: string): Fetched => ({ ok: false, code, detail, stats: stats() })

  function announce(more: number): void {
    bytes.doneBytes += more
    for (const listener of listeners) listener({ doneBytes: bytes.doneBytes, totalBytes: bytes.totalBytes })
  }

  async function manifestFromPeers(): Promise<BlobManifest | undefined> {
    let found: BlobManifest | undefined
    await pool.run(
      async peer => {
        const reply = await fetchManifest(sessionOf(peer), id)
        if (reply.status === 'found') found ??= reply.manifest
        else judge(statsOf(peer), reply.status, 1)
        return reply.status === 'found'
      },
      () => found !== undefined,
    )
    return found
  }

  async function fill(partial: PartialBlob): Promise<boolean> {
    const layout = layoutOf(partial.manifest)
    const wanted = wantedChunks(layout, names)
    const sizeOf = (chunks: readonly number[]) => chunks.reduce((sum, i) => sum + layout.chunks[i]!.sizeBytes, 0)
    bytes.totalBytes = sizeOf([...wanted])
    bytes.resumedBytes = sizeOf([...partial.present].filter(i => wanted.has(i)))
    announce(bytes.resumedBytes)
    const pieces = missingPieces(layout, i => wanted.has(i) && !partial.present.has(i), limits.pieceBytes)
    const transfer = beginTransfer({ partial, pieces, limits, signal: stopping.signal, onBytes: announce })
    await pool.run(async peer => {
      await transfer.drain(sessionOf(peer), statsOf(peer))
      return statsOf(peer).outcome === 'served'
    }, transfer.isComplete)
    return transfer.isComplete()
  }

  async function run(): Promise<Fetched> {
    if (await store.has(id, names)) return { ok: true, stats: stats() }
    const manifest = (await store.partialManifest(id)) ?? (await manifestFromPeers())
    if (manifest === undefined) return unavailable()
    const partial = await store.openPartial(manifest)
    try {
      if (!(await fill(partial))) return unavailable()
      await (names === undefined ? partial.finish(isDurable) : partial.keep(names))
      return { ok: true, stats: stats() }
    } finally {
      await partial.close()
    }
  }

  const unavailable = (): Fetched =>
    stopping.signal.aborted ? fail('Cancelled', 'nobody wants it any more') : fail('Unavailable', describe(peers))

  async function diskProblem(cause: unknown): Promise<Fetched> {
    stopping.abort()
    if (!(cause instanceof ResourceError)) throw cause
    if (cause.code === 'DiskFull') await store.deletePartial(id) // others need the room more than half a blob does
    return fail(cause.code === 'DiskFull' ? 'DiskFull' : 'NotWritable', `${cause.message} ${cause.found ?? ''}`)
  }

  return {
    done: run().catch(diskProblem),
    addSources: pool.add,
    onProgress(callback) {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
    stats,
    cancel: () => stopping.abort(),
    makeDurable() {
      isDurable = true
    },
  }
}

/** Indices of the chunks that the named parts are made of. */
function wantedChunks({ parts, chunks }: BlobLayout, names?: readonly string[]): ReadonlySet<number> {
  if (names === undefined) return new Set(chunks.keys())
  const named = new Set(names)
  const places = parts.filter(({ name }) => named.has(name))
  return new Set(
    places.flatMap(({ firstChunk, chunkCount }) => Array.from({ length: chunkCount }, (_, i) => firstChunk + i)),
  )
}

function describe(peers: ReadonlyMap<string, PeerStats>): string {
  if (peers.size === 0) return 'no peer is known to have it'
  return [...peers].map(([peer, { outcome }]) => `${peer.slice(0, 8)}: ${outcome}`).join(', ')
}
