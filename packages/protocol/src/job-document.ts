/**
 * The job document: all that a job's result depends on, by content hash, and what schedulers need who see no tensor.
 * SPEC: docs/spec/job-document.md. Its id is its blob id; on the chain a job is known by `jobKey`.
 * Not here: whether program, data and costs are what the document says; `training` checks that when it has their bytes.
 */
import {
  decodeHex,
  encodeCanonical,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  InputError,
  keccak256,
} from '@cairn/primitives'
import type { z } from 'zod'
import { blobIdOf, bytesBlob, manifestOf } from './blobs.ts'
import { type Decoded, decodeDocument } from './document.ts'
import { documentSchema } from './job-document/schema.ts'
import type { Frozen } from './job-spec.ts'
import type { JobId } from './units.ts'

export type JobDocument = Frozen<z.output<typeof documentSchema>>

/** Blob id of a job document. */
export type DocumentId = HashHex

/** So that it fits into a message. */
const MAX_BYTES = 2 ** 20 - 2 ** 10

/** Encodes a job document. Throws `InputError` (`document.size`) on one that no message could hold. */
export function encodeJobDocument(document: JobDocument): Uint8Array {
  const bytes = encodeCanonical(document)
  if (bytes.length <= MAX_BYTES) return bytes
  throw new InputError('document.size', 'This job document is too large to be sent.', {
    path: 'document',
    expected: `at most ${MAX_BYTES} bytes`,
    found: `${bytes.length} bytes`,
    fix: 'Shorten the texts in the specification.',
  })
}

/** Decodes a job document from a peer. Never throws. */
export const decodeJobDocument = (bytes: Uint8Array): Decoded<JobDocument> =>
  decodeDocument(documentSchema, bytes, MAX_BYTES)

/** Computes the blob id of plain bytes, such as those of a document. */
export const bytesId = (hashFunction: HashFunction, bytes: Uint8Array): HashHex =>
  blobIdOf(hashFunction, manifestOf(hashFunction, bytesBlob(bytes)))

/** Computes a document's id. */
export const documentId = (hashFunction: HashFunction, document: JobDocument): DocumentId =>
  bytesId(hashFunction, encodeJobDocument(document))

/** Computes a job's key on the chain, which its units name: keccak256(abi.encode(submitter, documentId)). */
export const jobKey = (submitter: string, document: DocumentId): JobId =>
  hashToHex(keccak256(new Uint8Array(12), decodeHex(submitter.slice(2)), hashFromHex(document))) as string as JobId

/** Computes the key of the job that a document describes. */
export const jobKeyOf = (hashFunction: HashFunction, document: JobDocument): JobId =>
  jobKey(document.submitter, documentId(hashFunction, document))
