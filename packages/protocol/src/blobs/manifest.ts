/**
 * Manifests: what it takes to check a blob piece by piece. SPEC: docs/decisions/0004-network.md; docs/spec/messages.md.
 * A part's size follows from its dtype and shape, so the id fixes the whole manifest: there is one for each blob, and a
 * peer that sends another is found out before a byte of the blob is asked for.
 */
import {
  type Hash,
  type HashFunction,
  type HashHex,
  hashToHex,
  InputError,
  merkleRootOfHashes,
  sliceRoots,
} from '@cairn/primitives'
import {
  orderedEntries,
  stateRoot,
  type TensorBytes,
  type TensorDtype,
  tensorLeafSizeBytes,
  tensorLeaves,
  tensorRoot,
  tensorSizeBytes,
} from '../state-root.ts'

/** A blob's identity: the state root over its parts. */
export type BlobId = HashHex

/** One named tensor of a blob, or its plain bytes. */
export interface BlobPart {
  readonly name: string
  readonly dtype: TensorDtype
  /** Dimensions in elements, outermost first. */
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** A part without its bytes. */
export interface ManifestPart {
  readonly name: string
  readonly dtype: TensorDtype
  readonly shape: readonly number[]
  readonly sizeBytes: number
  /** Hash of every chunk, in the order of the bytes. */
  readonly chunkHashes: readonly Hash[]
}

/** The parts of a blob in the order of its stored bytes, which is that of their names (UTF-16 code units). */
export interface BlobManifest {
  readonly parts: readonly ManifestPart[]
}

/** SPEC: a power of two, so that a chunk's hash is an inner node of the tensor's tree (or its root, or a leaf). */
const LEAVES_PER_CHUNK = 64

/** Returns the bytes in a full chunk of a part: 262,144 or 261,888. */
export const chunkSizeBytes = (dtype: TensorDtype): number => LEAVES_PER_CHUNK * tensorLeafSizeBytes(dtype)

/**
 * Describes a blob, its parts given in any order.
 * Throws `InputError`: `root.repeated` (a name), `blob.size` (bytes that dtype and shape do not ask for).
 */
export function manifestOf(hash: HashFunction, parts: readonly BlobPart[]): BlobManifest {
  const ordered = orderedEntries(parts)
  for (const part of ordered) assertSize(part)
  const hashes = chunkHashes(hash, ordered)
  return {
    parts: ordered.map(({ name, dtype, shape, bytes }, i) => {
      return { name, dtype, shape, sizeBytes: bytes.length, chunkHashes: hashes[i] as Hash[] }
    }),
  }
}

/** Computes a blob's id from its manifest. */
export const blobIdOf = (hash: HashFunction, { parts }: BlobManifest): BlobId =>
  hashToHex(
    stateRoot(
      hash,
      parts.map(({ name, dtype, shape, chunkHashes }) => ({
        name,
        dtype,
        shape,
        root: merkleRootOfHashes(hash, chunkHashes),
      })),
    ),
  )

/** Wraps plain bytes (a document, a program, data) as the parts of a blob. */
export const bytesBlob = (bytes: Uint8Array): BlobPart[] => [
  { name: 'bytes', dtype: 'u8', shape: [bytes.length], bytes },
]

/** Computes the hash that a manifest holds for a chunk. */
export const chunkHash = (hash: HashFunction, dtype: TensorDtype, chunk: Uint8Array): Hash =>
  tensorRoot(hash, dtype, chunk)

/** Computes the hashes of the chunks of every tensor, or of consecutive whole chunks of one. */
export const chunkHashes = (hash: HashFunction, tensors: readonly TensorBytes[]): Hash[][] =>
  sliceRoots(hash, tensors.map(tensorLeaves), LEAVES_PER_CHUNK)

function assertSize({ name, dtype, shape, bytes }: BlobPart): void {
  if (bytes.length !== tensorSizeBytes(dtype, shape)) throw badSize(name, tensorSizeBytes(dtype, shape), bytes.length)
}

const badSize = (name: string, expected: number, found: number): InputError =>
  new InputError('blob.size', 'A part of a blob has more or fewer bytes than its shape says.', {
    path: name,
    expected: `${expected} bytes`,
    found: `${found} bytes`,
    fix: 'Give the shape that the bytes have.',
  })
