/** What a coordinator has to know of a job, from its document and from the chain. */
import type { EarningsOnChain, JobOnChain } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type ChainView,
  evaluatesAfter,
  type JobDocument,
  type JobFacts,
  MAX_ROUND_BYTES,
  roundBytes,
} from '@cairn/protocol'
import type { JobView } from './chain-watch.ts'

const TERA = 10n ** 12n

/** Derives what scheduling needs. */
export function jobFacts({ job, terms, unitBond }: JobOnChain, document: JobDocument): JobFacts {
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
  }
}

/** Says how far the terms on the chain are from those that the document needs, if at all. */
export function wrongTerms({ terms }: JobOnChain, { spec }: JobDocument): string | undefined {
  const { replicas, rounds, checkpoints } = spec.schedule
  const bytes = roundBytes({ replicas, checkpoints, custodians: terms.custodians })
  if (bytes > MAX_ROUND_BYTES) return `documents of ${bytes} bytes a round, above ${MAX_ROUND_BYTES}`
  if (terms.replicas !== replicas) return `${terms.replicas} replicas instead of ${replicas}`
  if (terms.rounds !== rounds) return `${terms.rounds} rounds instead of ${rounds}`
  const evaluations = Array.from({ length: rounds }, (_, round) => evaluatesAfter(spec, round)).filter(Boolean).length
  return terms.evaluations === evaluations ? undefined : `${terms.evaluations} evaluations instead of ${evaluations}`
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
  { status, anchors, cancelEndsAtSeconds, openSinceSeconds, wrongs }: JobView,
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
