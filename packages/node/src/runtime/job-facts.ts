/** What a coordinator has to know of a job, from its document and from the chain. */
import type { EarningsOnChain, JobOnChain } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  auditTermsOf,
  type ChainView,
  evaluatesAfter,
  type JobDocument,
  type JobFacts,
  MAX_ROUND_BYTES,
  POLICIES,
  roundBytes,
  type Terms,
} from '@cairn/protocol'
import type { JobView } from './chain-watch.ts'

const TERA = 10n ** 12n

/** Verifiers have a part of the challenge window, then substitutes, then the worker that reveals. */
const AUDIT_PARTS = 3

/** What a coordinator has to know of a job whose units are audited. */
function auditFacts({ terms }: JobOnChain, { spec }: JobDocument, challengeSeconds: number): Pick<JobFacts, 'audits'> {
  if (POLICIES[terms.policy] === 'none') return {}
  const auditMs = Math.floor((challengeSeconds * 1000) / AUDIT_PARTS)
  const audits = { auditMs, verifiers: terms.verifiers, evaluationBatches: spec.evaluation.batches }
  return { audits: POLICIES[terms.policy] === 'redundancy' ? { ...audits, doers: terms.verifiers - 1 } : audits }
}

/** Derives what scheduling needs. */
export function jobFacts(onChain: JobOnChain, document: JobDocument, challengeSeconds: number): JobFacts {
  const { job, terms, unitBond } = onChain
  const { spec, cost, blobs, initialRoot } = document
  const { schedule } = spec
  const operationsPerUnit = BigInt(cost.operationsPerUnit)
  return {
    job,
    document: terms.document,
    name: spec.name,
    replicas: schedule.replicas,
    rounds: schedule.rounds,
    innerSteps: schedule.innerSteps,
    evaluatesAfter: Array.from({ length: schedule.rounds }, (_, round) => evaluatesAfter(spec, round)),
    initialRoot,
    memoryBytes: cost.memoryBytes,
    operationsPerUnit,
    operationsPerEvaluation: BigInt(cost.operationsPerEvaluation),
    custodians: terms.custodians,
    unitBond,
    maximumUnsettled: terms.maximumUnsettled,
    checkpoints: schedule.checkpoints,
    priceCeiling: operationsPerUnit === 0n ? terms.trainPrice * TERA : (terms.trainPrice * TERA) / operationsPerUnit,
    blobs: [terms.document, ...(Object.values(blobs) as HashHex[])],
    ...auditFacts(onChain, document, challengeSeconds),
  }
}

/** Terms that follow from the specification alone, and what each is called. */
const COUNTED: Partial<Record<keyof Terms, string>> = {
  replicas: 'replicas',
  rounds: 'rounds',
  evaluateEvery: 'rounds to an evaluation',
  auditRate: 'in a million units audited',
  verifiers: 'verifiers',
  maximumUnsettled: 'unsettled rounds',
}

/** What a document asks of its terms. Without audits no round is taken back, and any number may be unsettled. */
function neededTerms({ spec }: JobDocument): Partial<Terms> {
  const { replicas, rounds } = spec.schedule
  const { everyRounds: evaluateEvery } = spec.evaluation
  const { policy, maximumUnsettled, ...audits } = auditTermsOf(spec)
  return { replicas, rounds, evaluateEvery, ...audits, ...(policy === 0 ? {} : { maximumUnsettled }) }
}

/** Says how far the terms on the chain are from those that the document needs, if at all. */
export function wrongTerms({ terms }: JobOnChain, document: JobDocument): string | undefined {
  const { replicas, checkpoints } = document.spec.schedule
  const { policy } = document.spec.verification
  const bytes = roundBytes({ replicas, checkpoints, custodians: terms.custodians })
  if (bytes > MAX_ROUND_BYTES) return `documents of ${bytes} bytes a round, above ${MAX_ROUND_BYTES}`
  if (POLICIES[terms.policy] !== policy)
    return `the policy ${POLICIES[terms.policy] ?? terms.policy} instead of ${policy}`
  const needed = neededTerms(document)
  const wrong = (Object.keys(needed) as (keyof Terms)[]).find(key => terms[key] !== needed[key])
  return wrong && `${terms[wrong]} ${COUNTED[wrong]} instead of ${needed[wrong]}`
}

const STATUS: Record<JobOnChain['status'], ChainView['status']> = {
  none: 'closed',
  open: 'open',
  cancelled: 'cancelled',
  final: 'open',
  closed: 'closed',
}

/** What else is read beside a job. */
interface Reading {
  readonly earnings: EarningsOnChain
  readonly challengeSeconds: number
  /** Of who reads. */
  readonly account: string
  readonly nowMs: number
}

/** The chain's view of a job as its coordinator is told. A lease that has run out is nobody's. */
export function chainView(
  { status, anchors, cancelEndsAtSeconds, openSinceSeconds, wrongs, lostAttestations }: JobView,
  { earnings, challengeSeconds, account, nowMs }: Reading,
): ChainView {
  const isHeld = anchors.holder !== undefined && anchors.expiresAtSeconds * 1000 > nowMs
  const { settled, pending } = earnings
  return {
    status: STATUS[status],
    ...(isHeld && anchors.holder !== undefined ? { coordinator: anchors.holder.toLowerCase() } : {}),
    holdsLease: anchors.holder !== undefined && anchors.holder.toLowerCase() === account,
    epoch: anchors.epoch,
    anchored: anchors.rounds,
    finalLinks: anchors.finalRounds,
    finalisesAtMs: openSinceSeconds.map(since => (since + challengeSeconds) * 1000),
    wrongs,
    lostAttestations,
    isEnded: anchors.isEnded,
    cancelEndsAtMs: cancelEndsAtSeconds * 1000,
    earnings: {
      settledRounds: settled.rounds,
      settledFinal: status === 'final' || status === 'closed',
      pending: pending !== undefined,
      settlesAtMs: (pending?.settlesAtSeconds ?? 0) * 1000,
    },
  }
}
