/** What a submitter offers: a quote from the document's costs and going prices, made into fixed prices for the chain. */
import { provableHash } from '@cairn/contracts'
import { InputError } from '@cairn/primitives'
import {
  auditTermsOf,
  type JobDocument,
  MAX_ROUND_BYTES,
  maximumPriceOf,
  NO_HASH,
  roundBytes,
  type Terms,
} from '@cairn/protocol'
import type { Submission } from '@cairn/training'

/** Prices in the token's smallest unit. */
export interface Rates {
  /** Per 10^12 operations. */
  readonly perTeraOperation: bigint
  /** Per GiB that a custodian takes and holds for a round's window, or a verifier takes. */
  readonly perGibibyteKept: bigint
  /** For the coordinator and its gas, per round. */
  readonly perRound: bigint
}

export const DEFAULT_RATES: Omit<Rates, 'perTeraOperation'> = { perGibibyteKept: 20_000n, perRound: 1_000n }

const TERA = 10n ** 12n
const GIBIBYTE = 2n ** 30n

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

/** A round's document goes to every worker in one message. */
function assertRoundFits({ replicas, checkpoints }: JobDocument['spec']['schedule'], custodians: number): void {
  const bytes = roundBytes({ replicas, checkpoints, custodians })
  if (bytes <= MAX_ROUND_BYTES) return
  throw new InputError('RoundTooLarge', 'What a round of this job comes to does not fit into a message.', {
    path: 'schedule',
    expected: `at most ${MAX_ROUND_BYTES} bytes`,
    found: `${bytes} bytes for ${replicas} replicas, ${checkpoints} checkpoints and ${custodians} custodians`,
    fix: 'Use fewer replicas or checkpoints, or fewer --custodians.',
  })
}

/**
 * Of an audit: the longest segment of a unit's steps, and the states that it begins from. Under redundancy a whole unit:
 * most attestations are those of nodes that did one.
 */
function auditPriceOf({ spec, cost }: JobDocument, rates: Rates): bigint {
  const { innerSteps, checkpoints } = spec.schedule
  const parts = spec.verification.policy === 'redundancy' ? 1 : checkpoints
  const share = { steps: BigInt(Math.ceil(innerSteps / parts)), of: BigInt(innerSteps) }
  const work = BigInt(cost.operationsPerUnit) * share.steps * rates.perTeraOperation
  const bytes = BigInt(cost.globalStateBytes + cost.replicaStateBytes)
  return ceilDivide(work, TERA * share.of) + ceilDivide(bytes * rates.perGibibyteKept, GIBIBYTE)
}

/**
 * Prices every kind of work of a job; every price is rounded up. The budget is the most that it can come to. Throws
 * `InputError` (`RoundTooLarge`).
 */
export function termsOf(
  { document, documentId, provable }: Pick<Submission, 'document' | 'documentId' | 'provable'>,
  rates: Rates,
  custodians: number,
): Terms {
  const { spec, cost } = document
  const { rounds, replicas } = spec.schedule
  assertRoundFits(spec.schedule, custodians)
  const bytesKept = BigInt(cost.updateBytes + cost.replicaStateBytes)
  const isAudited = spec.verification.policy !== 'none'
  const terms: Terms = {
    document: documentId,
    ...auditTermsOf(spec),
    provable: isAudited ? provableHash(provable) : NO_HASH,
    auditPrice: isAudited ? auditPriceOf(document, rates) : 0n,
    budget: 0n,
    trainPrice: ceilDivide(BigInt(cost.operationsPerUnit) * rates.perTeraOperation, TERA),
    evaluatePrice: ceilDivide(BigInt(cost.operationsPerEvaluation) * rates.perTeraOperation, TERA),
    custodyPrice: ceilDivide(bytesKept * rates.perGibibyteKept, GIBIBYTE),
    roundPrice: rates.perRound,
    rounds,
    replicas,
    evaluateEvery: spec.evaluation.everyRounds,
    custodians,
  }
  return { ...terms, budget: maximumPriceOf(terms) }
}

/** Custodians by default: what the owners that are there can bear, two when there are enough. */
export function defaultCustodians(owners: number): number {
  if (owners >= 4) return 2
  return owners >= 2 ? 1 : 0
}
