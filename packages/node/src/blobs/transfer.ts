/**
 * One blob on its way: pieces that are missing, peers that may have them. Every peer takes pieces as fast as it delivers;
 * what it fails to deliver goes back for the others. Bytes are checked before they touch the disk.
 */
import type { BlobSession, SessionReply } from './blob-session.ts'
import { badChunk } from './check-chunks.ts'
import type { PartialBlob } from './partial-blob.ts'
import type { Piece } from './pieces.ts'

/** What became of a peer in a fetch. */
export interface PeerStats {
  bytes: number
  failures: number
  /** `bad`: it sent bytes that do not verify. */
  outcome: 'served' | 'missing' | 'unreachable' | 'bad'
}

export interface TransferLimits {
  /** Pieces that one peer is asked for at a time. */
  readonly piecesPerPeer: number
  /** After so many requests on streams that were lost a peer is asked no more; one stream may take several along. */
  readonly maxFailures: number
}

export interface TransferOptions {
  readonly partial: PartialBlob
  /** What it lacks. */
  readonly pieces: readonly Piece[]
  readonly limits: TransferLimits
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
}

export interface Transfer {
  /** Lets a peer take part; it returns when the blob is there or the peer is out. */
  drain(session: BlobSession, stats: PeerStats): Promise<void>
  /** Whether every piece has arrived. */
  isComplete(): boolean
}

/** Begins to fetch what a partial blob lacks. */
export function beginTransfer(options: TransferOptions): Transfer {
  const { partial, limits, signal, onBytes } = options
  const queue = [...options.pieces]
  let left = queue.length
  let changed = Promise.withResolvers<void>()

  const announce = (): void => {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  const stopped = new Promise<undefined>(resolve => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  signal.addEventListener('abort', announce, { once: true })

  async function put({ ranges }: Piece, content: Uint8Array): Promise<void> {
    let at = 0
    for (const { offset, sizeBytes } of ranges) {
      await partial.write(offset, content.subarray(at, at + sizeBytes))
      at += sizeBytes
    }
  }

  async function take(session: BlobSession, piece: Piece, stats: PeerStats): Promise<void> {
    const reply = await Promise.race([session.ask('chunks', partial.id, piece.runs), stopped])
    if (reply === undefined) return
    if (reply.status === 'found' && verifies(piece, reply.content)) {
      await put(piece, reply.content)
      stats.bytes += piece.sizeBytes
      left--
      onBytes(piece.sizeBytes)
    } else {
      if (reply.status === 'found') session.reject()
      judge(stats, reply.status, limits.maxFailures)
      queue.unshift(piece)
    }
    if (reply.status === 'found') session.recycle(reply.content)
    announce()
  }

  async function lane(session: BlobSession, stats: PeerStats): Promise<void> {
    while (left > 0 && stats.outcome === 'served' && !signal.aborted) {
      const piece = queue.shift()
      if (piece === undefined) await changed.promise
      else await take(session, piece, stats)
    }
  }

  return {
    async drain(session, stats) {
      await Promise.all(Array.from({ length: limits.piecesPerPeer }, () => lane(session, stats)))
    },
    isComplete: () => left === 0,
  }
}

/** What a peer's answer says about it; `found` here means bytes that did not verify. */
export function judge(stats: PeerStats, status: SessionReply['status'], maxFailures: number): void {
  stats.failures++
  if (status === 'found' || status === 'bad') stats.outcome = 'bad'
  else if (stats.outcome === 'bad') return
  else if (status === 'missing' || status === 'refused') stats.outcome = 'missing'
  else if (status === 'timeout' || stats.failures >= maxFailures) stats.outcome = 'unreachable'
}

const verifies = ({ chunks, sizeBytes }: Piece, content: Uint8Array): boolean =>
  content.length === sizeBytes && badChunk(chunks, content) === undefined
