/**
 * What peers say to each other about blobs: fixed fields, big-endian, one request and one response each in a frame.
 * SPEC: docs/spec/messages.md "Blob exchange".
 */
import { decodeHex, encodeHex } from '@cairn/primitives'
import type { BlobId } from '@cairn/protocol'

export const BLOB_PROTOCOL = '/cairn/blob/1'

/** Most bytes of a blob, or of a manifest, in one response. */
export const MAX_RESPONSE_BYTES = 2 ** 20
/** Small parts have small chunks, so that many fit. */
export const MAX_CHUNKS_PER_REQUEST = 4096
/** Who wants some tensors of a state alone asks for chunks here and there. */
export const MAX_RUNS_PER_REQUEST = 64
/** Manifests of blobs up to 128 GiB. */
const MAX_MANIFEST_BYTES = 2 ** 24

const KINDS = ['manifest', 'chunks'] as const
const STATUSES = ['found', 'missing', 'refused'] as const
const REQUEST_HEADER_SIZE_BYTES = 37
const RUN_SIZE_BYTES = 8
const RESPONSE_HEADER_SIZE_BYTES = 5

/** Consecutive chunks. */
export interface ChunkRun {
  readonly first: number
  readonly count: number
}

export interface BlobRequest {
  readonly kind: (typeof KINDS)[number]
  /** Chosen by the asker; the response names it. */
  readonly request: number
  readonly id: BlobId
  /** Which chunks; for a manifest one, of its first byte and 0. */
  readonly runs: readonly ChunkRun[]
}

export interface BlobResponse {
  readonly status: (typeof STATUSES)[number]
  readonly request: number
  /** Chunks in the order in which they were asked for; for a manifest its whole size (4 bytes) and what follows `first`. */
  readonly content: Uint8Array
}

export const MAX_REQUEST_FRAME_BYTES = REQUEST_HEADER_SIZE_BYTES + RUN_SIZE_BYTES * MAX_RUNS_PER_REQUEST
export const MAX_RESPONSE_FRAME_BYTES = RESPONSE_HEADER_SIZE_BYTES + 4 + MAX_RESPONSE_BYTES

export function encodeRequest({ kind, request, id, runs }: BlobRequest): Uint8Array {
  const bytes = new Uint8Array(REQUEST_HEADER_SIZE_BYTES + RUN_SIZE_BYTES * runs.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, KINDS.indexOf(kind))
  view.setUint32(1, request)
  bytes.set(decodeHex(id), 5)
  for (const [i, { first, count }] of runs.entries()) {
    const at = REQUEST_HEADER_SIZE_BYTES + RUN_SIZE_BYTES * i
    view.setUint32(at, first)
    view.setUint32(at + 4, count)
  }
  return bytes
}

/** Returns undefined for anything that is no request. */
export function decodeRequest(bytes: Uint8Array): BlobRequest | undefined {
  const kind = KINDS[bytes[0] ?? -1]
  const runCount = (bytes.length - REQUEST_HEADER_SIZE_BYTES) / RUN_SIZE_BYTES
  if (kind === undefined || !isRunCount(kind, runCount)) return undefined
  const view = viewOf(bytes)
  const runs = Array.from({ length: runCount }, (_, i) => {
    const at = REQUEST_HEADER_SIZE_BYTES + RUN_SIZE_BYTES * i
    return { first: view.getUint32(at), count: view.getUint32(at + 4) }
  })
  if (runs.reduce((sum, { count }) => sum + count, 0) > MAX_CHUNKS_PER_REQUEST) return undefined
  return { kind, request: view.getUint32(1), id: encodeHex(bytes.subarray(5, 37)) as BlobId, runs }
}

const isRunCount = (kind: BlobRequest['kind'], count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= (kind === 'manifest' ? 1 : MAX_RUNS_PER_REQUEST)

/** Encodes what stands before the content. */
export function responseHeader({ status, request }: Omit<BlobResponse, 'content'>): Uint8Array {
  const bytes = new Uint8Array(RESPONSE_HEADER_SIZE_BYTES)
  bytes[0] = STATUSES.indexOf(status)
  viewOf(bytes).setUint32(1, request)
  return bytes
}

/** Returns undefined for anything that is no response. */
export function decodeResponse(bytes: Uint8Array): BlobResponse | undefined {
  const status = STATUSES[bytes[0] ?? -1]
  if (status === undefined || bytes.length < RESPONSE_HEADER_SIZE_BYTES) return undefined
  return { status, request: viewOf(bytes).getUint32(1), content: bytes.subarray(RESPONSE_HEADER_SIZE_BYTES) }
}

/** The content of a manifest's response: its whole size, and the slice from `first` on. */
export interface ManifestSlice {
  readonly totalBytes: number
  readonly slice: Uint8Array
}

export function manifestSliceHeader(totalBytes: number): Uint8Array {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, totalBytes)
  return bytes
}

/** Returns undefined unless the slice is as long as it can be: a manifest comes in as few responses as it takes. */
export function decodeManifestSlice(content: Uint8Array, first: number): ManifestSlice | undefined {
  if (content.length < 4) return undefined
  const totalBytes = viewOf(content).getUint32(0)
  const slice = content.subarray(4)
  const expected = Math.min(totalBytes - first, MAX_RESPONSE_BYTES)
  return totalBytes <= MAX_MANIFEST_BYTES && slice.length === expected && expected > 0
    ? { totalBytes, slice }
    : undefined
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
