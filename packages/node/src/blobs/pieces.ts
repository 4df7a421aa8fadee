/** Pieces of a blob: chunks that one request asks for. */
import type { BlobLayout } from '@cairn/protocol'
import { type ChunkRanges, rangesOf } from './blob-files.ts'
import { type ChunkRun, MAX_CHUNKS_PER_REQUEST, MAX_RUNS_PER_REQUEST } from './exchange-wire.ts'

export interface Piece extends ChunkRanges {
  readonly runs: readonly ChunkRun[]
}

/** Cuts those chunks of a blob that are missing into pieces of at most `pieceBytes`, or of one chunk where that is larger. */
export function missingPieces(
  layout: BlobLayout,
  isMissing: (chunk: number) => boolean,
  pieceBytes: number,
): readonly Piece[] {
  const pieces: { first: number; count: number }[][] = []
  let [sizeBytes, count] = [0, 0]
  for (const [i, chunk] of layout.chunks.entries()) {
    if (!isMissing(i)) continue
    const open = pieces.at(-1)
    const last = open?.at(-1)
    const isNext = last !== undefined && last.first + last.count === i
    const isRoom = sizeBytes + chunk.sizeBytes <= pieceBytes && count < MAX_CHUNKS_PER_REQUEST
    const isFull = !isRoom || (!isNext && open?.length === MAX_RUNS_PER_REQUEST)
    if (isFull || open === undefined) [sizeBytes, count] = [0, 0]
    if (isFull || open === undefined) pieces.push([{ first: i, count: 1 }])
    else if (isNext) last.count++
    else open.push({ first: i, count: 1 })
    sizeBytes += chunk.sizeBytes
    count++
  }
  return pieces.map(runs => ({ runs, ...(rangesOf(layout, runs) as ChunkRanges) }))
}
