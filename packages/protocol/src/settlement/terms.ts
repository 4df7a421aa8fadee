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
  readonly budget: bigint
  readonly trainPrice: bigint
  readonly evaluatePrice: bigint
  /** Per unit and custodian. */
  readonly custodyPrice: bigint
  /** Per round, for its coordinator. */
  readonly roundPrice: bigint
  readonly rounds: number
  readonly replicas: number
  /** At most one per round. */
  readonly evaluations: number
  readonly custodians: number
}

/** Work, counted. Cumulative over a job's anchored rounds. */
export interface Counts {
  readonly trained: bigint
  readonly evaluated: bigint
  readonly kept: bigint
  readonly coordinated: bigint
}

export const noCounts: Counts = { trained: 0n, evaluated: 0n, kept: 0n, coordinated: 0n }

export const addCounts = (a: Counts, b: Counts): Counts => ({
  trained: a.trained + b.trained,
  evaluated: a.evaluated + b.evaluated,
  kept: a.kept + b.kept,
  coordinated: a.coordinated + b.coordinated,
})

/** Computes what counted work costs at fixed prices. */
export const priceOf = (terms: Terms, counts: Counts): bigint =>
  counts.trained * terms.trainPrice +
  counts.evaluated * terms.evaluatePrice +
  counts.kept * terms.custodyPrice +
  counts.coordinated * terms.roundPrice

/** Computes the most work that so many anchored rounds can hold. */
export function mostCounts(terms: Terms, rounds: number): Counts {
  const trained = BigInt(rounds) * BigInt(terms.replicas)
  const kept = trained * BigInt(terms.custodians)
  return { trained, evaluated: BigInt(Math.min(rounds, terms.evaluations)), kept, coordinated: BigInt(rounds) }
}

/** Computes the most that a job can come to: the least budget it needs. */
export const maximumPriceOf = (terms: Terms): bigint => priceOf(terms, mostCounts(terms, terms.rounds))

const NO_DOCUMENT = '0'.repeat(64)

/** Tells whether a job can be counted at all: it has rounds and replicas, and its custody fits into 64 bits. */
export function areTermsSensible(terms: Terms): boolean {
  const isCounted = terms.rounds > 0 && terms.replicas > 0 && terms.evaluations <= terms.rounds
  return terms.document !== NO_DOCUMENT && isCounted && mostCounts(terms, terms.rounds).kept < 2n ** 64n
}

/** Tells whether no count of `a` is below that of `b`. */
export const atLeast = (a: Counts, b: Counts): boolean =>
  a.trained >= b.trained && a.evaluated >= b.evaluated && a.kept >= b.kept && a.coordinated >= b.coordinated
