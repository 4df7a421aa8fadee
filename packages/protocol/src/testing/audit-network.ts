/** Who is there in a simulated network, and what things cost. Money is in millionths of a unit's price. */
import type { AuditPolicy, StakedNode } from '../audit.ts'
import { type Account, type Terms, unitBondFor } from '../settlement/terms.ts'

export const PRICE = 1_000_000
/** What the costs of honest nodes are: they come to less than what they are paid. */
export const COSTS = {
  /** Of doing a unit. */
  compute: 600_000,
  /** Of a unit's part of its anchor, and of an attestation's. */
  gas: 5_000,
  /** Of the moves of a game that is lost. */
  game: 50_000,
  /** What a challenger locks, of which half is burned when it loses. */
  challenge: 500_000,
  /** Of having a bond locked until its round is final. */
  capital: 1_000,
} as const

export interface Market {
  readonly policy: AuditPolicy
  /** Share of the verifiers' stake that is assumed to collude, in parts per million. */
  readonly colludingShare: number
  /** Paid for an attestation. */
  readonly auditPrice: number
}

export const MARKET: Market = {
  policy: { policy: 'audit', rate: 100_000, verifiers: 2, checkpoints: 5 },
  colludingShare: 200_000,
  auditPrice: 150_000,
}

export const VERIFIERS = 30
export const REPLICAS = 3
export const ROUNDS = 12
/** Rounds after an anchor in which its units can still be refuted. */
export const WINDOW = 3

export const termsOf = ({ policy, auditPrice }: Market): Terms => ({
  document: '01'.repeat(32) as Terms['document'],
  provable: '02'.repeat(32) as Terms['provable'],
  budget: 10n ** 15n,
  trainPrice: BigInt(PRICE),
  evaluatePrice: BigInt(PRICE) / 10n,
  custodyPrice: 0n,
  roundPrice: 0n,
  auditPrice: BigInt(auditPrice),
  rounds: ROUNDS,
  replicas: REPLICAS,
  evaluateEvery: 0,
  custodians: 2,
  auditRate: policy.rate,
  maximumUnsettled: WINDOW + 1,
  verifiers: policy.verifiers,
  policy: 1,
})

/** The bond that the escrow enforces for one unit. */
export const enforcedBond = (market: Market): number => Number(unitBondFor(termsOf(market), market.colludingShare))

/** An account by its number. */
export const accountOf = (number: number): Account => `0x${number.toString(16).padStart(40, '0')}`

/** Everybody who works and verifies, one owner each, with equal stakes: the colluding ones come first. */
export const VERIFYING: readonly StakedNode[] = Array.from({ length: VERIFIERS }, (_, i) => {
  const account = accountOf(1_000 + i)
  return { account, owner: account, stake: 100n }
})

export const colludersOf = ({ colludingShare }: Market): ReadonlySet<Account> =>
  new Set(VERIFYING.slice(0, Math.floor((VERIFIERS * colludingShare) / 1_000_000)).map(({ account }) => account))

/** Chance that all of `verifiers` different ones, drawn from so many of equal stake, collude. */
export function allCollude(colluding: number, all: number, verifiers: number): number {
  let chance = 1
  for (let i = 0; i < verifiers; i++) chance *= Math.max(0, colluding - i) / (all - i)
  return chance
}
