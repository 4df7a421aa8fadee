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
export function signedCommitmentOf(unit: ReceiptUnit): SignedCommitment | undefined {
  const { worker, signature, account, claimSignature, custody, stepsRoot, saltHash, ...rest } = unit
  if (worker === undefined || signature === undefined || custody === undefined) return undefined
  if (account === undefined || claimSignature === undefined) return undefined
  if (stepsRoot === undefined || saltHash === undefined) return undefined
  return { commitment: { ...rest, stepsRoot, saltHash }, worker, signature, account, claimSignature, custody }
}

/** Completes the evaluation of a round; undefined when there is none, or it is not signed. */
export function signedEvaluationOf(
  job: JobId,
  { round, globalRoot, evaluation }: ReceiptRound,
): SignedEvaluation | undefined {
  const { lossBits, correct, total, worker, signature, account, claimSignature } = evaluation ?? {}
  const { stepsRoot, saltHash } = evaluation ?? {}
  if (lossBits === undefined || correct === undefined || total === undefined) return undefined
  if (stepsRoot === undefined || saltHash === undefined) return undefined
  if (worker === undefined || signature === undefined) return undefined
  if (account === undefined || claimSignature === undefined) return undefined
  const unit = { job, round, replica: 0, kind: 'evaluate' } as const
  const found = { unit, globalRoot, lossBits, correct, total, stepsRoot, saltHash }
  return { ...found, worker, signature, account, claimSignature }
}

/** Puts a round document together; undefined when something in it is not signed. */
export function roundDocumentOf(job: JobId, round: ReceiptRound): RoundDocument | undefined {
  const units = round.units.map(signedCommitmentOf)
  const evaluation = signedEvaluationOf(job, round)
  const { outers } = round
  if (units.includes(undefined) || (round.evaluation !== undefined && evaluation === undefined)) return undefined
  if (outers === undefined) return undefined
  return {
    format: 'cairn/round/v2',
    job,
    round: round.round,
    units: units as SignedCommitment[],
    globalRoot: round.globalRoot,
    outers,
    ...(evaluation && { evaluation }),
  }
}

/** Turns a round document into the round of a receipt. */
export function receiptRoundOf(
  { round, units, globalRoot, outers, evaluation }: RoundDocument,
  found: Required<Pick<ReceiptRound, 'documentId'>> & Pick<ReceiptRound, 'anchor'>,
): ReceiptRound {
  const said = evaluation && (({ unit: _, globalRoot: __, ...rest }: SignedEvaluation) => rest)(evaluation)
  return {
    round,
    units: units.map(({ commitment, ...signatures }) => ({ ...commitment, ...signatures })),
    globalRoot,
    outers,
    ...(said && { evaluation: said }),
    ...found,
  }
}
