/**
 * The closing document: what was done of the round in which a job's chain was closed, signed by those who did it. The link that
 * closes a chain holds its blob id, so whoever is drawn to audit its works finds what they claim. SPEC: docs/spec/job-document.md "Closing document".
 * Not here: signatures over the outer step, which the link itself has, and documents of whole rounds (`round-document.ts`).
 */
import { encodeCanonical } from '@cairn/primitives'
import { z } from 'zod'
import { type Decoded, decodeDocument } from './document.ts'
import { type Fixed, hash, index, signedCommitment, signedEvaluation } from './messages/records.ts'
import { MAX_ROUND_BYTES } from './round-document.ts'
import type { JobId } from './units.ts'

const form = z.strictObject({
  format: z.literal('cairn/closing/v1'),
  job: hash as z.ZodType<string> as z.ZodType<JobId>,
  round: index,
  outcome: z.enum(['finished', 'cancelled', 'diverged', 'failed']),
  /** Of the replicas that were done, in their order. */
  units: z.array(signedCommitment).max(1 << 16),
  /** The one that left the domain, where that is why the chain was closed. */
  evaluation: signedEvaluation.exactOptional(),
})

type Form = z.output<typeof form>

/** Finds the first unit that is not of this job and round, or not after the one before it. */
const strayUnit = ({ job, round, units }: Form): number =>
  units.findIndex(({ commitment: { unit } }, i) => {
    const before = units[i - 1]?.commitment.unit.replica ?? -1
    return unit.job !== job || unit.round !== round || unit.kind !== 'train' || unit.replica <= before
  })

/** Tells whether the evaluation is another one than that which closed the chain. */
const isStrayEvaluation = ({ job, round, evaluation }: Form): boolean => {
  const { kind, ...unit } = evaluation?.unit ?? { job, round, kind: 'evaluate' }
  return (
    unit.job !== job || unit.round !== round || kind !== 'evaluate' || (evaluation && !evaluation.diverged) === true
  )
}

const closingDocument = form.superRefine((document, context) => {
  const stray = strayUnit(document)
  const message = 'a unit of another job or round, or out of order'
  if (stray >= 0) context.addIssue({ code: 'custom', path: ['units', stray], message })
  if (isStrayEvaluation(document))
    context.addIssue({ code: 'custom', path: ['evaluation'], message: 'of another job or round, or in the domain' })
})

export type ClosingDocument = Fixed<Form>

/** Encodes a closing document. */
export const encodeClosingDocument = (document: ClosingDocument): Uint8Array => encodeCanonical(document)

/** Decodes a closing document from a peer. Never throws. */
export const decodeClosingDocument = (bytes: Uint8Array): Decoded<ClosingDocument> =>
  decodeDocument(closingDocument, bytes, MAX_ROUND_BYTES)
