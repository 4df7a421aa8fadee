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
/** Manifests of blobs up to 128 GiB. */
const MAX_MANIFEST_BYTES = 2 ** 24

const KINDS = ['manifest', 'chunks'] as const
const STATUSES = ['found', 'missing', 'refused'] as const
const REQUEST_SIZE_BYTES = 45
const RESPONSE_HEADER_SIZE_BYTES = 5

export interface BlobRequest {
  readonly kind: (typeof KINDS)[number]
  /** Chosen by the asker; the response names it. */
  readonly request: number
  readonly id: BlobId
  /** The first chunk, or the first byte of the manifest. */
  readonly first: number
  /** How many chunks; 0 for a manifest. */
  readonly count: number
}

export interface BlobResponse {
  readonly status: (typeof STATUSES)[number]
  readonly request: number
  /** Chunks one after the other; for a manifest its whole size (4 bytes) and what follows `first`. */
  readonly content: Uint8Array
}

export const MAX_REQUEST_FRAME_BYTES = REQUEST_SIZE_BYTES
export const MAX_RESPONSE_FRAME_BYTES = RESPONSE_HEADER_SIZE_BYTES + 4 + MAX_RESPONSE_BYTES

export function encodeRequest({ kind, request, id, first, count }: BlobRequest): Uint8Array {
  const bytes = new Uint8Array(REQUEST_SIZE_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, KINDS.indexOf(kind))
  view.setUint32(1, request)
  bytes.set(decodeHex(id), 5)
  view.setUint32(37, first)
  view.setUint32(41, count)
  return bytes
}

/** Returns undefined for anything that is no request. */
export function decodeRequest(bytes: Uint8Array): BlobRequest | undefined {
  const kind = KINDS[bytes[0] ?? -1]
  if (kind === undefined || bytes.length !== REQUEST_SIZE_BYTES) return undefined
  const view = viewOf(bytes)
  const id = encodeHex(bytes.subarray(5, 37)) as BlobId
  const count = view.getUint32(41)
  if (count > MAX_CHUNKS_PER_REQUEST) return undefined
  return { kind, request: view.getUint32(1), id, first: view.getUint32(37), count }
}

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
