/** Pieces of a blob: consecutive chunks that one request asks for. */
import type { BlobLayout, ChunkPlace } from '@cairn/protocol'
import { MAX_CHUNKS_PER_REQUEST } from './exchange-wire.ts'

export interface Piece {
  readonly first: number
  readonly chunks: readonly ChunkPlace[]
  readonly offset: number
  readonly sizeBytes: number
}

/** Cuts what is missing of a blob into pieces of at most `pieceBytes`, or of one chunk where that is larger. */
export function missingPieces({ chunks }: BlobLayout, present: ReadonlySet<number>, pieceBytes: number): Piece[] {
  const pieces: Piece[] = []
  let open: { first: number; chunks: ChunkPlace[]; sizeBytes: number } | undefined
  const finish = (): void => {
    if (open !== undefined) pieces.push({ ...open, offset: open.chunks[0]!.offset })
    open = undefined
  }
  for (const [i, chunk] of chunks.entries()) {
    const isFull =
      open && (open.sizeBytes + chunk.sizeBytes > pieceBytes || open.chunks.length === MAX_CHUNKS_PER_REQUEST)
    if (isFull || present.has(i)) finish()
    if (present.has(i)) continue
    open ??= { first: i, chunks: [], sizeBytes: 0 }
    open.chunks.push(chunk)
    open.sizeBytes += chunk.sizeBytes
  }
  finish()
  return pieces
}
