/**
 * The form of a receipt, strict at every level. SPEC: docs/spec/receipt.md. What only jobs of a network have is optional
 * here; `claims.ts` sees to it that a receipt has all of it or nothing.
 */
import { z } from 'zod'
import { blobsSchema, costSchema, dataSchema, networkSchema } from '../job-document/schema.ts'
import { text } from '../job-spec/fields.ts'
import { jobSchema } from '../job-spec/schema.ts'
import type { Frozen } from '../job-spec.ts'
import {
  account,
  accountSignature,
  amount,
  bits,
  hash,
  index,
  outerSignature,
  publicKey,
  signature,
  signedCommitment,
} from '../messages/records.ts'
import { POLICIES } from '../settlement/terms.ts'
import type { JobId } from '../units.ts'

const { commitment, custody } = signedCommitment.shape

/** A commitment, in a network with the signatures of those who did it and hold what came of it. */
const unit = commitment.extend({
  stepsRoot: hash.exactOptional(),
  saltHash: hash.exactOptional(),
  worker: publicKey.exactOptional(),
  signature: signature.exactOptional(),
  account: account.exactOptional(),
  claimSignature: accountSignature.exactOptional(),
  custody: custody.exactOptional(),
})

/** In a network also how many predictions were right, who says so, and what binds it to its batches. */
const evaluation = z.strictObject({
  lossBits: bits,
  correct: index.exactOptional(),
  total: index.exactOptional(),
  stepsRoot: hash.exactOptional(),
  saltHash: hash.exactOptional(),
  worker: publicKey.exactOptional(),
  signature: signature.exactOptional(),
  account: account.exactOptional(),
  claimSignature: accountSignature.exactOptional(),
})

const round = z.strictObject({
  round: index,
  units: z.array(unit),
  globalRoot: hash,
  evaluation: evaluation.exactOptional(),
  /** Over the outer step, by accounts of the round's workers. */
  outers: z.array(outerSignature).exactOptional(),
  /** Blob id of the round document, which an anchor holds. */
  documentId: hash.exactOptional(),
  /** Where on the chain. */
  anchor: z.strictObject({ block: index, transaction: z.string().regex(/^0x[0-9a-f]{64}$/) }).exactOptional(),
})

/** What else the job document has, and what the escrow holds. */
const network = z.strictObject({
  ...networkSchema.shape,
  submitter: account,
  salt: hash,
  vocabulary: index,
  blobs: blobsSchema,
  cost: costSchema,
  documentId: hash,
  job: hash as z.ZodType<string> as z.ZodType<JobId>,
  /** The contract for which accounts sign. */
  anchors: account,
  /** Prices in the token's smallest unit: of a unit, an evaluation, a unit held by a custodian, a round, an attestation. */
  terms: z.strictObject({
    policy: z.enum(POLICIES),
    provable: hash,
    auditRate: index.max(1_000_000),
    verifiers: index.max(5),
    maximumUnsettled: index.min(1).max(64),
    auditPrice: amount,
    budget: amount,
    trainPrice: amount,
    evaluatePrice: amount,
    custodyPrice: amount,
    roundPrice: amount,
    custodians: index.max(16),
  }),
})

/** What a node has earned with the job: counted work, and what it comes to. */
const payment = z.strictObject({
  peer: publicKey,
  account,
  trained: index,
  evaluated: index,
  kept: index,
  coordinated: index,
  /** Attestations. */
  audited: index,
  amount,
})

/** An attestation that was paid: somebody has done a part of a unit again, and found what its worker did. */
const audit = z.strictObject({
  verifier: account,
  round: index,
  /** The replica; the number of replicas for the round's evaluation. */
  index,
  /** Link of the job's chain that pays for it. */
  link: index,
})

/** A dispute about a claim of this job, and what came of it. Amounts in the token's smallest unit. */
const dispute = z.strictObject({
  game: index,
  round: index,
  /** In the disputed link: its works come first, then its attestations. */
  position: index,
  /** About the outer step that the work's account signed, instead of its unit. */
  isOuter: z.boolean(),
  /** About an attestation. */
  isAttestation: z.literal(true).exactOptional(),
  challenger: account,
  defender: account,
  /** `dissolved`: another dispute about the claim was won. */
  outcome: z.enum(['defended', 'refuted', 'dissolved']),
  /** What the loser lost, and how much of it went to the winner and into the fire. */
  slash: z.strictObject({ loser: account, amount, reward: amount, burned: amount }).exactOptional(),
  /** Of the transaction that ended it. */
  transaction: z.string().regex(/^0x[0-9a-f]{64}$/),
})

const diverged = z.strictObject({
  round: index,
  replica: index.exactOptional(),
  step: index.exactOptional(),
  operator: text('name of the operator in the program', 'a name'),
})

export const receiptSchema = z.strictObject({
  format: z.literal('cairn/receipt/v2'),
  spec: jobSchema,
  specHash: hash,
  programRoot: hash,
  data: dataSchema,
  initialRoot: hash,
  network: network.exactOptional(),
  rounds: z.array(round),
  finalStateRoot: hash,
  diverged: diverged.exactOptional(),
  audits: z.union([z.literal('not audited'), z.array(audit)]),
  disputes: z.array(dispute),
  payments: z.array(payment),
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
export type ReceiptUnit = ReceiptRound['units'][number]
export type ReceiptNetwork = NonNullable<Receipt['network']>
export type Payment = Receipt['payments'][number]
