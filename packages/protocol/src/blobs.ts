/**
 * Blobs: everything bulky that a job consists of, by content. A blob is a list of parts, and its id is the state root
 * over them. SPEC: docs/decisions/0004-network.md "Identities"; docs/spec/messages.md "Blobs".
 * Not here: disks and networks. `node` stores and exchanges blobs.
 */
export { decodeManifest, encodeManifest, type ManifestCheck, type ManifestProblem } from './blobs/encoding.ts'
export { type BlobLayout, type ChunkPlace, layoutOf, type PartPlace, verifyChunk } from './blobs/layout.ts'
export {
  type BlobId,
  type BlobManifest,
  type BlobPart,
  blobIdOf,
  bytesBlob,
  chunkHashes,
  chunkSizeBytes,
  type ManifestPart,
  manifestOf,
} from './blobs/manifest.ts'
