/** The form of a job document, strict at every level. Parts of it stand in receipts too. SPEC: docs/spec/job-document.md. */
import { z } from 'zod'
import { jobSchema } from '../job-spec/schema.ts'
import { account, amount, blobId, hash, index } from '../messages/records.ts'

/** Hashes of the data that a job reads. */
export const dataSchema = z.strictObject({
  sha256: hash,
  blobSha256: hash,
  tokens: index,
  tokeniserHash: hash.exactOptional(),
})

/** Where a job runs, and for whom. */
export const networkSchema = z.strictObject({ chainId: z.int().min(1), escrow: account })

export const blobsSchema = z.strictObject({
  program: blobId,
  data: blobId,
  /** The initial state, when it does not follow from the seed. */
  initial: blobId.exactOptional(),
  /** JSON of the tokeniser, so that anybody can sample. Absent for digits. */
  tokeniser: blobId.exactOptional(),
})

export const costSchema = z.strictObject({
  /** Of one unit: its inner steps, its update and an outer step. */
  operationsPerUnit: amount,
  operationsPerEvaluation: amount,
  /** Most memory that a step needs at once, states included. */
  memoryBytes: index,
  updateBytes: index,
  replicaStateBytes: index,
  globalStateBytes: index,
})

export const documentSchema = z.strictObject({
  format: z.literal('cairn/document/v1'),
  spec: jobSchema,
  programRoot: hash,
  /** Tokens that the tokeniser has; 0 for digits. */
  vocabulary: index,
  data: dataSchema,
  initialRoot: hash,
  blobs: blobsSchema,
  cost: costSchema,
  network: networkSchema,
  submitter: account,
  salt: hash,
})
