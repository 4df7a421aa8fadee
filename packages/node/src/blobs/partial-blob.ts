/**
 * A blob while it is being fetched: a file of the blob's full size in which verified chunks are put at their place. What
 * a crash left behind is found again by hashing it; nothing else is kept about it. A finished one is renamed into
 * place; what a power cut may take of it is noticed when it is read.
 */
import { open, rename, stat, statfs } from 'node:fs/promises'
import { type BlobId, type BlobManifest, blobIdOf, encodeManifest, layoutOf, verifyChunk } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { writeError } from '../files/io-errors.ts'
import { replaceWhole, writeWhole } from '../files/read-write.ts'
import { bytesPath, manifestPath, partialDirectory, readRanges, removeBlob, syncDirectory } from './blob-files.ts'

export interface PartialBlob {
  readonly id: BlobId
  readonly manifest: BlobManifest
  /** Chunks that were there already, by index. */
  readonly present: ReadonlySet<number>
  /** Puts verified bytes at their place. Throws `ResourceError` (`DiskFull`, `NotWritable`). */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Makes the blob whole, and, where asked for, safe from a power cut. Throws `ResourceError`. */
  finish(isDurable: boolean): Promise<void>
  /** Lets the parts of these names be read, which are there now. */
  keep(names: readonly string[]): Promise<void>
  /** Keeps what is there for later. */
  close(): Promise<void>
}

/** Opens or begins the partial file of a blob. Throws `ResourceError`. */
export async function openPartial(directory: string, manifest: BlobManifest): Promise<PartialBlob> {
  const id = blobIdOf(sha256, manifest)
  const within = partialDirectory(directory)
  const path = bytesPath(within, id)
  const { sizeBytes } = layoutOf(manifest)
  const present = await verifiedChunks(path, manifest)
  if (present.size === 0) await assertRoom(within, sizeBytes)
  await replaceWhole(manifestPath(within, id), encodeManifest(manifest))
  const file = await orWriteError(path, sizeBytes, open(path, present.size > 0 ? 'r+' : 'w'))
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await file.close()
    isOpen = false
  }

  return {
    id,
    manifest,
    present,
    async write(offset, bytes) {
      for (let done = 0; done < bytes.length; ) {
        const writing = file.write(bytes, done, bytes.length - done, offset + done)
        done += (await orWriteError(path, sizeBytes, writing)).bytesWritten
      }
    },
    async finish(isDurable) {
      await orWriteError(
        path,
        sizeBytes,
        file.truncate(sizeBytes).then(() => (isDurable ? file.sync() : undefined)),
      )
      await close()
      await orWriteError(path, sizeBytes, moveInto(directory, id, manifest, isDurable))
    },
    keep: close,
    close,
  }
}

/** Better no fetch than one that fills the disk and fails; what other files take meanwhile is noticed when writing. */
async function assertRoom(directory: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const full = Object.assign(new Error('not enough space'), { code: 'ENOSPC' })
  if (bavail * bsize < sizeBytes) throw writeError(directory, sizeBytes, full)
}

/** The manifest goes first: bytes that have arrived can always be checked. */
async function moveInto(directory: string, id: BlobId, manifest: BlobManifest, isDurable: boolean): Promise<void> {
  const within = partialDirectory(directory)
  await (isDurable ? writeWhole : replaceWhole)(manifestPath(directory, id), encodeManifest(manifest))
  await rename(bytesPath(within, id), bytesPath(directory, id))
  if (isDurable) await syncDirectory(directory)
  await removeBlob(within, id)
}

async function verifiedChunks(path: string, manifest: BlobManifest): Promise<Set<number>> {
  const present = new Set<number>()
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  for (const [i, chunk] of layoutOf(manifest).chunks.entries()) {
    if (chunk.offset + chunk.sizeBytes > size) break
    const bytes = await readRanges(path, [chunk])
    if (bytes !== undefined && verifyChunk(sha256, chunk, bytes)) present.add(i)
  }
  return present
}

async function orWriteError<T>(path: string, sizeBytes: number, doing: Promise<T>): Promise<T> {
  return doing.catch((cause: unknown) => {
    throw writeError(path, sizeBytes, cause)
  })
}
