/**
 * The documents of a network, put together again from a receipt: if their ids come out, the receipt says what they said.
 */
import type { JobDocument } from '../job-document.ts'
import type { SignedCommitment, SignedEvaluation } from '../messages.ts'
import type { RoundDocument } from '../round-document.ts'
import type { JobId } from '../units.ts'
import type { ReceiptBody, ReceiptNetwork, ReceiptRound, ReceiptUnit } from './schema.ts'

/** Puts the job document together. */
export function jobDocumentOf(
  receipt: Pick<ReceiptBody, 'spec' | 'programRoot' | 'data' | 'initialRoot'>,
  { chainId, escrow, submitter, salt, vocabulary, blobs, cost }: ReceiptNetwork,
): JobDocument {
  const { spec, programRoot, data, initialRoot } = receipt
  const network = { chainId, escrow }
  return {
    format: 'cairn/document/v1',
    spec,
    programRoot,
    vocabulary,
    data,
    initialRoot,
    blobs,
    cost,
    network,
    submitter,
    salt,
  }
}

/** Parts a unit of a receipt into commitment and signatures; undefined when it is not signed. */
export function signedCommitmentOf({ worker, signature, custody, ...rest }: ReceiptUnit): SignedCommitment | undefined {
  if (worker === undefined || signature === undefined || custody === undefined) return undefined
  return { commitment: rest, worker, signature, custody }
}

/** Completes the evaluation of a round; undefined when there is none, or it is not signed. */
export function signedEvaluationOf(
  job: JobId,
  { round, globalRoot, evaluation }: ReceiptRound,
): SignedEvaluation | undefined {
  const { lossBits, correct, total, worker, signature } = evaluation ?? {}
  if (lossBits === undefined || correct === undefined || total === undefined) return undefined
  if (worker === undefined || signature === undefined) return undefined
  const unit = { job, round, replica: 0, kind: 'evaluate' } as const
  return { unit, globalRoot, lossBits, correct, total, worker, signature }
}

/** Puts a round document together; undefined when something in it is not signed. */
export function roundDocumentOf(job: JobId, round: ReceiptRound): RoundDocument | undefined {
  const units = round.units.map(signedCommitmentOf)
  const evaluation = signedEvaluationOf(job, round)
  if (units.includes(undefined) || (round.evaluation !== undefined && evaluation === undefined)) return undefined
  return {
    format: 'cairn/round/v1',
    job,
    round: round.round,
    units: units as SignedCommitment[],
    globalRoot: round.globalRoot,
    ...(evaluation && { evaluation }),
  }
}

/** Turns a round document into the round of a receipt. */
export function receiptRoundOf(
  { round, units, globalRoot, evaluation }: RoundDocument,
  found: Required<Pick<ReceiptRound, 'documentId'>> & Pick<ReceiptRound, 'anchor'>,
): ReceiptRound {
  const said = evaluation && (({ unit: _, globalRoot: __, ...rest }: SignedEvaluation) => rest)(evaluation)
  return {
    round,
    units: units.map(({ commitment, ...signatures }) => ({ ...commitment, ...signatures })),
    globalRoot,
    ...(said && { evaluation: said }),
    ...found,
  }
}
