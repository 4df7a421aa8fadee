/**
 * Where blobs lie on the disk: `<id>` holds the bytes, `<id>.manifest` what they are checked against, and `partial/`
 * what is still being fetched. A blob is there when its bytes are: they are renamed into place last.
 * Several threads and processes may work in one directory, so nothing is believed that the disk does not say.
 */
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobId, type BlobLayout, type BlobManifest, type ChunkPlace, decodeManifest } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { isMissing } from '../files/io-errors.ts'
import { TEMPORARY } from '../files/read-write.ts'
import type { ChunkRun } from './exchange-wire.ts'

const MANIFEST = '.manifest'
const IS_BLOB = /^[0-9a-f]{64}$/

export interface BlobFile {
  readonly id: BlobId
  readonly sizeBytes: number
}

export const partialDirectory = (directory: string): string => join(directory, 'partial')
export const bytesPath = (directory: string, id: BlobId): string => join(directory, id)
export const manifestPath = (directory: string, id: BlobId): string => join(directory, `${id}${MANIFEST}`)

/** Returns a blob's size, or undefined when its bytes are not there. */
export async function sizeOnDisk(directory: string, id: BlobId): Promise<number | undefined> {
  const found = await stat(bytesPath(directory, id)).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

/** Reads and checks a manifest; undefined when there is none, or another blob's, or a damaged one. */
export async function readManifest(directory: string, id: BlobId): Promise<BlobManifest | undefined> {
  const bytes = await readFile(manifestPath(directory, id)).catch(() => undefined)
  const check = bytes && decodeManifest(sha256, id, new Uint8Array(bytes))
  return check?.ok ? check.manifest : undefined
}

/** Removes a blob, its bytes first, so that no crash leaves bytes that nothing can check. */
export async function removeBlob(directory: string, id: BlobId): Promise<void> {
  await rm(bytesPath(directory, id), { force: true })
  await rm(manifestPath(directory, id), { force: true })
}

/** Lists the files of a directory that bear the ids of blobs, in no order. */
export async function listBlobs(directory: string): Promise<BlobFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    if (isMissing(cause)) return []
    throw cause
  })
  const ids = names.filter(name => IS_BLOB.test(name)) as BlobId[]
  const sizes = await Promise.all(ids.map(id => sizeOnDisk(directory, id)))
  return ids.flatMap((id, i) => (sizes[i] === undefined ? [] : [{ id, sizeBytes: sizes[i] }]))
}

/** A file that nobody has written to for so long is not being written. */
const LEFTOVER_AGE_MS = 600_000

/** Removes what crashes left: temporary files, and manifests whose bytes never came. */
export async function removeLeftovers(directory: string, nowMs = Date.now()): Promise<void> {
  const names = new Set(await readdir(directory))
  const isLeftover = (name: string): boolean =>
    name.endsWith(TEMPORARY) || (name.endsWith(MANIFEST) && !names.has(name.slice(0, -MANIFEST.length)))
  for (const path of [...names].filter(isLeftover).map(name => join(directory, name))) {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && nowMs - found.mtimeMs > LEFTOVER_AGE_MS) await rm(path, { force: true })
  }
}

/** Some bytes of a file. */
export interface ByteRange {
  readonly offset: number
  readonly sizeBytes: number
}

/** PERF: a read costs as much as that many bytes: what is no farther away is read along with what comes before it. */
const GAP_BYTES = 262_144
/** SAFETY: whoever asks for a little here and there makes a server read no more than that at a time. */
const SPAN_BYTES = 2 ** 22

const endOf = ({ offset, sizeBytes }: ByteRange): number => offset + sizeBytes

/** Puts ranges together that one read takes. */
function nearRanges(ranges: readonly ByteRange[]): ByteRange[][] {
  const groups: ByteRange[][] = []
  for (const range of ranges) {
    const group = groups.at(-1)
    const [first, last] = [group?.[0], group?.at(-1)]
    const gap = last === undefined ? -1 : range.offset - endOf(last)
    const isNear = gap >= 0 && gap <= GAP_BYTES && endOf(range) - (first?.offset ?? 0) <= SPAN_BYTES
    if (isNear) group?.push(range)
    else groups.push([range])
  }
  return groups
}

// PERF: not zeroed, for all of it is read.
const roomFor = (sizeBytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)

/** Fills `bytes` from a place of a file on. Returns whether the file has so many. */
async function fill(file: FileHandle, bytes: Uint8Array, offset: number): Promise<boolean> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done)
    if (bytesRead === 0) return false
    done += bytesRead
  }
  return true
}

/** Reads ranges of a file, one behind the other; undefined when the file is not there or ends before. */
export async function readRanges(path: string, ranges: readonly ByteRange[]): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const bytes = roomFor(ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
    let at = 0
    for (const group of nearRanges(ranges)) {
      const [first, last] = [group[0] as ByteRange, group.at(-1) as ByteRange]
      const isOne = group.length === 1
      const span = isOne ? bytes.subarray(at, at + first.sizeBytes) : roomFor(endOf(last) - first.offset)
      if (!(await fill(file, span, first.offset))) return undefined
      for (const { offset, sizeBytes } of group) {
        if (!isOne) bytes.set(span.subarray(offset - first.offset, offset - first.offset + sizeBytes), at)
        at += sizeBytes
      }
    }
    return bytes
  } catch {
    return undefined // a sector that cannot be read is as good as a wrong one
  } finally {
    await file.close()
  }
}

/** Chunks of a blob, and where they lie. */
export interface ChunkRanges {
  /** Of all runs, in their order. */
  readonly chunks: readonly ChunkPlace[]
  /** One a run. */
  readonly ranges: readonly ByteRange[]
  readonly sizeBytes: number
}

/** Returns where runs of chunks lie; undefined where there are no such chunks. */
export function rangesOf({ chunks: all }: BlobLayout, runs: readonly ChunkRun[]): ChunkRanges | undefined {
  const chunks: ChunkPlace[] = []
  const ranges: ByteRange[] = []
  for (const { first, count } of runs) {
    const [start, end] = [all[first], all[first + count - 1]]
    if (count < 1 || start === undefined || end === undefined) return undefined
    for (let i = first; i < first + count; i++) chunks.push(all[i]!)
    ranges.push({ offset: start.offset, sizeBytes: end.offset + end.sizeBytes - start.offset })
  }
  return { chunks, ranges, sizeBytes: ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}

/** Makes renames survive a power cut; some file systems cannot sync a directory, and need not. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
