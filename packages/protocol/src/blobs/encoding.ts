/**
 * The wire form of a manifest: canonical CBOR `["cairn/manifest/v1", [[name, dtype, shape, chunk hashes joined], ...]]`.
 * It comes from peers, so decoding returns what is wrong instead of throwing.
 */
import {
  concat,
  decodeCanonical,
  encodeCanonical,
  HASH_SIZE_BYTES,
  type Hash,
  type HashFunction,
  toHash,
} from '@cairn/primitives'
import { z } from 'zod'
import { type TensorDtype, tensorSizeBytes } from '../state-root.ts'
import { type BlobId, type BlobManifest, blobIdOf, chunkSizeBytes, type ManifestPart } from './manifest.ts'

/** Why bytes are not the manifest of a blob. */
export type ManifestProblem = 'malformed' | 'wrong-id'

export type ManifestCheck =
  | { readonly ok: true; readonly manifest: BlobManifest }
  | { readonly ok: false; readonly code: ManifestProblem }

const FORMAT = 'cairn/manifest/v1'
const DTYPES: Record<TensorDtype, true> = { f32: true, i32: true, mx8: true, mx12: true, u8: true }

const part = z
  .tuple([
    z.string().min(1),
    z.enum(Object.keys(DTYPES) as TensorDtype[]),
    z.array(z.int().min(0)),
    z.instanceof(Uint8Array).refine(hashes => hashes.length % HASH_SIZE_BYTES === 0),
  ])
  .transform(([name, dtype, shape, hashes]): ManifestPart => {
    return { name, dtype, shape, sizeBytes: tensorSizeBytes(dtype, shape), chunkHashes: cut(hashes) }
  })
  .refine(({ dtype, sizeBytes, chunkHashes }) => {
    return Number.isSafeInteger(sizeBytes) && chunkHashes.length === Math.ceil(sizeBytes / chunkSizeBytes(dtype))
  })

const document = z.tuple([z.literal(FORMAT), z.array(part).refine(isOrdered)])

/** Encodes a manifest. */
export const encodeManifest = ({ parts }: BlobManifest): Uint8Array =>
  encodeCanonical([
    FORMAT,
    parts.map(({ name, dtype, shape, chunkHashes }) => [name, dtype, shape, concat(...chunkHashes)]),
  ])

/** Decodes what a peer claims to be the manifest of the blob `id`. Never throws. */
export function decodeManifest(hash: HashFunction, id: BlobId, bytes: Uint8Array): ManifestCheck {
  const manifest = parse(bytes)
  if (manifest === undefined) return { ok: false, code: 'malformed' }
  return blobIdOf(hash, manifest) === id ? { ok: true, manifest } : { ok: false, code: 'wrong-id' }
}

function parse(bytes: Uint8Array): BlobManifest | undefined {
  try {
    const result = document.safeParse(decodeCanonical(bytes))
    return result.success ? { parts: result.data[1] } : undefined
  } catch {
    return undefined // not canonical CBOR
  }
}

function cut(joined: Uint8Array): Hash[] {
  const hashes = new Uint8Array(joined) // a copy that nobody else can change
  const count = Math.floor(hashes.length / HASH_SIZE_BYTES)
  return Array.from({ length: count }, (_, i) =>
    toHash(hashes.subarray(i * HASH_SIZE_BYTES, (i + 1) * HASH_SIZE_BYTES)),
  )
}

function isOrdered(parts: readonly ManifestPart[]): boolean {
  return parts.every(({ name }, i) => i === 0 || parts[i - 1]!.name < name)
}
