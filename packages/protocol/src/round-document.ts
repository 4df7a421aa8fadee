/**
 * The round document: what a round came to, signed by those who did it. An anchor holds its blob id; with those of the
 * rounds before it, anybody can put the anchor together again, and receipts are assembled from these. SPEC: docs/spec/job-document.md "Round document".
 * Not here: whether the signatures are good (`isSignedCommitment`), and whether the work was done right.
 */
import { encodeCanonical, type HashHex } from '@cairn/primitives'
import { z } from 'zod'
import type { UnitClaim } from './dispute/claims.ts'
import { type Decoded, decodeDocument } from './document.ts'
import { type Fixed, hash, index, outerSignature, signedCommitment, signedEvaluation } from './messages/records.ts'
import type { Account } from './settlement/terms.ts'
import type { Work } from './settlement/works.ts'
import type { JobId } from './units.ts'
import { type ClaimHashing, evaluatedClaim, trainedClaim, worksOf } from './work-claims.ts'

const form = z.strictObject({
  format: z.literal('cairn/round/v2'),
  job: hash as z.ZodType<string> as z.ZodType<JobId>,
  round: index,
  /** In replica order. */
  units: z.array(signedCommitment).max(1 << 16),
  /** After the outer step. */
  globalRoot: hash,
  /** Over the outer step, by accounts of its workers in the order of their units. */
  outers: z.array(outerSignature).max(1 << 16),
  evaluation: signedEvaluation.exactOptional(),
})

type Form = z.output<typeof form>

/** Finds the first unit that is not of this job and round and at its replica's place. */
function strayUnit({ job, round, units, evaluation }: Form): (string | number)[] | undefined {
  const stray = units.findIndex(({ commitment: { unit } }, replica) => {
    return unit.job !== job || unit.round !== round || unit.replica !== replica || unit.kind !== 'train'
  })
  if (stray >= 0) return ['units', stray]
  const unit = evaluation?.unit
  const isRight = !unit || (unit.job === job && unit.round === round && unit.replica === 0 && unit.kind === 'evaluate')
  return isRight ? undefined : ['evaluation']
}

/** Finds the first signature over the outer step by somebody who did nothing of the round, or by nobody new. */
function strayOuter({ units, outers }: Form): (string | number)[] | undefined {
  const workers = new Set(units.map(({ account }) => account))
  const stray = outers.findIndex(({ account }) => !workers.delete(account))
  return stray < 0 ? undefined : ['outers', stray]
}

const roundDocument = form.superRefine((document, context) => {
  const stray = strayUnit(document)
  if (stray) context.addIssue({ code: 'custom', path: stray, message: 'a unit of another job, round or replica' })
  const outer = strayOuter(document)
  if (outer)
    context.addIssue({ code: 'custom', path: outer, message: 'no worker of the round, or one that signed before' })
  const { evaluation, globalRoot } = document
  if (evaluation && evaluation.globalRoot !== globalRoot)
    context.addIssue({ code: 'custom', path: ['evaluation', 'globalRoot'], message: 'another global state' })
})

export type RoundDocument = Fixed<Form>

/** Less than the largest message that carries one, which also holds addresses of those who have the updates. */
export const MAX_ROUND_BYTES = 4 * 2 ** 20 - 2 ** 18

/** Bytes of the longest encoding: of the document's head, a unit, one of its checkpoints, one of its custodians. */
const [HEAD, UNIT, CHECKPOINT, CUSTODIAN] = [1_280, 1_280, 66, 264]

/** Bounds the bytes of a job's round documents. A job is refused where they are more than `MAX_ROUND_BYTES`. */
export const roundBytes = (job: { replicas: number; checkpoints: number; custodians: number }): number =>
  HEAD + job.replicas * (UNIT + job.checkpoints * CHECKPOINT + job.custodians * CUSTODIAN)

/** Encodes a round document. */
export const encodeRoundDocument = (document: RoundDocument): Uint8Array => encodeCanonical(document)

/** Decodes a round document from a peer. Never throws. */
export const decodeRoundDocument = (bytes: Uint8Array): Decoded<RoundDocument> =>
  decodeDocument(roundDocument, bytes, MAX_ROUND_BYTES)

/** Hashes what is claimed in a round: of its replicas' units in their order, then of its evaluation. */
export const claimsIn = ({ claimHash }: Pick<ClaimHashing, 'claimHash'>, document: RoundDocument): HashHex[] => [
  ...document.units.map(({ commitment }) => claimHash(trainedClaim(commitment))),
  ...(document.evaluation ? [claimHash(evaluatedClaim(document.evaluation))] : []),
]

/** What the chain shows of an anchored round. */
export interface ShownRound {
  readonly job: JobId
  readonly round: number
  readonly replicas: number
  readonly globalRoot: HashHex
  readonly works: readonly Work[]
  /** Of the works, in their order. */
  readonly claims: readonly UnitClaim[]
}

/** Of a message that is not on the chain. */
const UNSHOWN = '0'.repeat(128)

/**
 * Puts together what stands for the document of a round that nobody gives: the chain was shown what its works claim, and who answers for
 * them. What is on no chain is zero: the signatures under messages, and how many examples an evaluation got right. `peerOf` finds a node
 * by its account.
 */
export function shownDocument(shown: ShownRound, peerOf: (account: Account) => string): RoundDocument {
  const { job, round, replicas, globalRoot, works, claims } = shown
  const signed = ({ worker, signature }: Work) => {
    const by = { worker: peerOf(worker), account: worker.toLowerCase() }
    return { ...by, signature: UNSHOWN, claimSignature: signature.slice(2) }
  }
  const units = works.slice(0, replicas).map((work, replica) => ({
    commitment: { unit: { job, round, replica, kind: 'train' as const }, ...(claims[replica] as UnitClaim) },
    ...signed(work),
    custody: work.custodians.map(keeper => {
      return { peer: peerOf(keeper), account: keeper.toLowerCase(), signature: UNSHOWN }
    }),
  }))
  const outers = works.flatMap(({ worker, outer }) =>
    outer === '0x' ? [] : [{ account: worker.toLowerCase(), signature: outer.slice(2) }],
  )
  const [evaluated, claim] = [works[replicas], claims[replicas]]
  const unit = { job, round, replica: 0, kind: 'evaluate' as const }
  const found = claim && { unit, globalRoot, lossBits: claim.lossBits, correct: 0, total: 0 }
  const evaluation = found && { ...found, stepsRoot: claim.stepsRoot, saltHash: claim.saltHash }
  return {
    ...{ format: 'cairn/round/v2', job, round, units, globalRoot, outers },
    ...(evaluated && evaluation && { evaluation: { ...evaluation, ...signed(evaluated) } }),
  }
}

/** Lists the works of a round's anchor, from its document alone. */
export function anchoredWorks(hashing: Pick<ClaimHashing, 'claimHash'>, document: RoundDocument): Work[] {
  const { units, evaluation, outers } = document
  const claims = claimsIn(hashing, document)
  const claimed = units.map((commitment, i) => ({ commitment, claim: claims[i]! }))
  if (evaluation === undefined) return worksOf({ units: claimed, outers })
  const index = units.length
  return worksOf({ units: claimed, outers, evaluation: { evaluation, claim: claims[index]!, index } })
}
