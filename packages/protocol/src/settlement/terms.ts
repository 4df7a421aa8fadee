/**
 * What a submitter offers and how work is counted and priced. Twin of packages/contracts/solidity/Terms.sol.
 * SPEC: protocol.md section 7; docs/spec/earnings.md. Money is in the token's smallest unit.
 */
import type { HashHex } from '@cairn/primitives'

/** An EVM account: 0x and 40 hex digits. */
export type Account = `0x${string}`

export interface Terms {
  /** Blob id of the job document. */
  readonly document: HashHex
  /** Hash of what a contract has to know of the job to judge its units; `NO_HASH` where nothing is judged. */
  readonly provable: HashHex
  readonly budget: bigint
  readonly trainPrice: bigint
  readonly evaluatePrice: bigint
  /** Per unit and custodian. */
  readonly custodyPrice: bigint
  /** Per round, for its coordinator. */
  readonly roundPrice: bigint
  /** Per attestation. */
  readonly auditPrice: bigint
  readonly rounds: number
  readonly replicas: number
  /** The state is evaluated after so many rounds each, and after the last; never where this is zero. */
  readonly evaluateEvery: number
  readonly custodians: number
  /** The least chance that a unit is audited, in parts per million; 0 without audits. */
  readonly auditRate: number
  /** Rounds that may be anchored beyond the final ones: what a rewind can cost. */
  readonly maximumUnsettled: number
  /** Verifiers of a unit that is audited; 0 without audits. */
  readonly verifiers: number
  /** Place in `POLICIES`. */
  readonly policy: number
}

/** How a job's work is verified, in the order of the contract's numbers. */
export const POLICIES = ['none', 'audit', 'redundancy'] as const

/** Work, counted. Cumulative over a job's anchored rounds. */
export interface Counts {
  readonly trained: bigint
  readonly evaluated: bigint
  readonly kept: bigint
  readonly coordinated: bigint
  /** Attestations. */
  readonly audited: bigint
}

export const noCounts: Counts = { trained: 0n, evaluated: 0n, kept: 0n, coordinated: 0n, audited: 0n }

export const addCounts = (a: Counts, b: Counts): Counts => ({
  trained: a.trained + b.trained,
  evaluated: a.evaluated + b.evaluated,
  kept: a.kept + b.kept,
  coordinated: a.coordinated + b.coordinated,
  audited: a.audited + b.audited,
})

/** Computes what counted work costs at fixed prices. */
export const priceOf = (terms: Terms, counts: Counts): bigint =>
  counts.trained * terms.trainPrice +
  counts.evaluated * terms.evaluatePrice +
  counts.kept * terms.custodyPrice +
  counts.coordinated * terms.roundPrice +
  counts.audited * terms.auditPrice

/** Counts evaluations in so many rounds. */
export function evaluationsIn({ evaluateEvery, rounds: all }: Terms, rounds: number): number {
  if (evaluateEvery === 0) return 0
  return rounds === all ? Math.ceil(rounds / evaluateEvery) : Math.floor(rounds / evaluateEvery)
}

/** Tells whether the state after a round is evaluated. */
export const isEvaluated = (terms: Terms, round: number): boolean =>
  evaluationsIn(terms, round + 1) > evaluationsIn(terms, round)

/** Computes the most work that so many anchored rounds can hold. */
export function mostCounts(terms: Terms, rounds: number): Counts {
  const trained = BigInt(rounds) * BigInt(terms.replicas)
  const evaluated = BigInt(evaluationsIn(terms, rounds))
  const kept = trained * BigInt(terms.custodians)
  const audited = (trained + evaluated) * BigInt(terms.verifiers)
  return { trained, evaluated, kept, coordinated: BigInt(rounds), audited }
}

/** Computes the most that a job can come to: the least budget it needs. */
export const maximumPriceOf = (terms: Terms): bigint => priceOf(terms, mostCounts(terms, terms.rounds))

const ZERO = '0'.repeat(64)
const MILLION = 1_000_000
const MOST_VERIFIERS = 5
/** A rewind visits every round that it voids, in one transaction. */
const MOST_UNSETTLED = 64

/** Tells whether a job can be counted at all: it has rounds and replicas, and its counts fit into 64 bits. */
export function areTermsSensible(terms: Terms): boolean {
  const { document, rounds, replicas, maximumUnsettled } = terms
  const isCounted = rounds > 0 && replicas > 0 && replicas < 2 ** 32 - 1
  const { kept, audited } = mostCounts(terms, rounds)
  const fits = kept < 2n ** 64n && audited < 2n ** 64n
  const settles = maximumUnsettled > 0 && maximumUnsettled <= MOST_UNSETTLED
  return document !== ZERO && isCounted && fits && settles && isVerifiable(terms)
}

/** Policy `none` has no audits; the others have some. */
function isVerifiable({ policy, auditRate, auditPrice, verifiers, provable }: Terms): boolean {
  if (policy === 0) return auditRate === 0 && verifiers === 0 && auditPrice === 0n && provable === ZERO
  const isRated = auditRate > 0 && auditRate <= MILLION
  return policy < POLICIES.length && provable !== ZERO && isRated && verifiers > 0 && verifiers <= MOST_VERIFIERS
}

/**
 * Computes the smallest bond S per unit for which cheating does not pay: rate * (1 - colluding)^verifiers * burned(S) >=
 * 2 * gain, where the gain is the dearest unit's price and half of S, rounded up, is what a slash burns. Zero without
 * audits; undefined where no contract could hold it. SPEC: protocol.md section 3, "Deterrence".
 */
export function unitBondFor(terms: Terms, colludingShare: number): bigint | undefined {
  const { trainPrice, evaluatePrice, policy, auditRate, verifiers } = terms
  const gain = trainPrice > evaluatePrice ? trainPrice : evaluatePrice
  if (policy === 0 || gain === 0n) return 0n
  const needed = 2n * gain * BigInt(MILLION) ** BigInt(verifiers + 1)
  const chance = BigInt(auditRate) * BigInt(MILLION - colludingShare) ** BigInt(verifiers)
  const bond = 2n * ((needed + chance - 1n) / chance) - 1n
  return bond < 2n ** 128n ? bond : undefined
}

/** Tells whether no count of `a` is below that of `b`. */
export const atLeast = (a: Counts, b: Counts): boolean =>
  a.trained >= b.trained &&
  a.evaluated >= b.evaluated &&
  a.kept >= b.kept &&
  a.coordinated >= b.coordinated &&
  a.audited >= b.audited
