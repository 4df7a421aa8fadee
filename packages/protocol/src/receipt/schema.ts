/**
 * The form of a receipt, strict at every level. SPEC: docs/spec/receipt.md.
 */
import type { HashHex } from '@cairn/primitives'
import { z } from 'zod'
import { text } from '../job-spec/fields.ts'
import { jobSchema } from '../job-spec/schema.ts'
import type { Frozen } from '../job-spec.ts'
import type { JobId } from '../units.ts'

const hex = <T extends string>() => z.string().regex(/^[0-9a-f]{64}$/) as z.ZodType<string> as z.ZodType<T>
const hash = hex<HashHex>()
const index = z.int().min(0)
const bits = z.int().min(0).max(0xffff_ffff)

const unit = z.strictObject({
  job: hex<JobId>(),
  round: index,
  replica: index,
  kind: z.enum(['train', 'evaluate']),
})

const commitment = z.strictObject({
  unit,
  globalRoot: hash,
  replicaRoot: hash,
  updateRoot: hash,
  newReplicaRoot: hash,
  checkpointRoots: z.array(hash),
  lossBits: bits,
})

const round = z.strictObject({
  round: index,
  units: z.array(commitment),
  globalRoot: hash,
  evaluation: z.strictObject({ lossBits: bits }).exactOptional(),
})

const diverged = z.strictObject({
  round: index,
  replica: index.exactOptional(),
  step: index.exactOptional(),
  operator: text('name of the operator in the program', 'a name'),
})

/** Hashes of the data that a job reads. */
export const dataSchema = z.strictObject({
  sha256: hash,
  blobSha256: hash,
  tokens: index,
  tokeniserHash: hash.exactOptional(),
})

export const receiptSchema = z.strictObject({
  format: z.literal('cairn/receipt/v1'),
  spec: jobSchema,
  specHash: hash,
  programRoot: hash,
  data: dataSchema,
  initialRoot: hash,
  rounds: z.array(round),
  finalStateRoot: hash,
  diverged: diverged.exactOptional(),
  audits: z.literal('not audited'),
  disputes: z.tuple([]),
  payments: z.tuple([]),
  weights: z.strictObject({
    file: text('name of the weights file beside the receipt', 'a file name'),
    sha256: hash,
    sizeBytes: index,
    headerSha256: hash,
    /** Hash of every tensor's bytes, in the order of the file: names what was changed. */
    tensors: z.array(z.strictObject({ name: text('name of a tensor', 'a name'), sha256: hash })),
  }),
  digest: hash,
})

export type Receipt = Frozen<z.output<typeof receiptSchema>>

/** A receipt before its digest is known. */
export type ReceiptBody = Omit<Receipt, 'digest'>

export type ReceiptRound = Receipt['rounds'][number]
