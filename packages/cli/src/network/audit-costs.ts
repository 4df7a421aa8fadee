/**
 * What audits of a job cost its submitter, and under redundancy the nodes that do every unit beside its worker; and what they
 * ask of its workers: a bond for every unit that is not final, out of their stakes. SPEC: docs/spec/audits.md "Deterrence"; docs/spec/anchors.md "Unit bonds".
 */
import { InputError } from '@cairn/primitives'
import { mostCounts, type NetworkParameters, POLICIES, type Terms, unitBondFor } from '@cairn/protocol'

export interface AuditCosts {
  /** If every worker is audited at the least rate; under policy audit the first units of a new one are always audited. */
  readonly expected: bigint
  /** If every unit is audited; part of the budget. */
  readonly most: bigint
  /** Locked for a unit until its round is final. */
  readonly unitBond: bigint
  /** Unsettled units that the network's minimum stake has bonds for. */
  readonly unitsOnMinimumStake: bigint
  /** Stake with which no worker waits for a round to become final, if the workers that are there share the work. */
  readonly workerStake: bigint
  readonly minimumStake: bigint
}

const MILLION = 1_000_000n

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

const bondTooLarge = ({ trainPrice, auditRate }: Terms): InputError =>
  new InputError('BondTooLarge', 'No contract can hold the bond that a unit of this job would need.', {
    path: 'verification.rate',
    expected: 'a bond below 2^128 of the token’s smallest unit',
    found: `a price of ${trainPrice} a unit, audited with a chance of ${auditRate} in a million`,
    fix: 'Raise verification.rate, lower verification.verifiers, or make units smaller (schedule.innerSteps).',
  })

/** Counts the most units that one of so many workers may have done in rounds that are not final. */
function unsettledUnits({ replicas, evaluateEvery, rounds, maximumUnsettled }: Terms, workers: number): bigint {
  const perRound = Math.ceil((replicas + Math.sign(evaluateEvery)) / Math.max(1, workers))
  return BigInt(perRound * Math.min(rounds, maximumUnsettled))
}

/**
 * Counts attestations if every worker is audited at the least rate. Under redundancy one auditor comes at that rate, and for
 * every evaluation; the others of a unit have done it.
 */
function expectedMillionths(terms: Terms): bigint {
  const { trained, evaluated, audited } = mostCounts(terms, terms.rounds)
  const rate = BigInt(terms.auditRate)
  if (POLICIES[terms.policy] !== 'redundancy') return audited * rate
  return trained * (BigInt(terms.verifiers - 1) * MILLION + rate) + evaluated * MILLION
}

/** Computes what audits come to; undefined where there are none. Throws `InputError` (`BondTooLarge`). */
export function auditCosts(
  terms: Terms,
  { colludingShare, minimumStake }: Pick<NetworkParameters, 'colludingShare' | 'minimumStake'>,
  workers: number,
): AuditCosts | undefined {
  if (terms.policy === 0) return undefined
  const unitBond = unitBondFor(terms, colludingShare)
  if (unitBond === undefined) throw bondTooLarge(terms)
  const most = mostCounts(terms, terms.rounds).audited * terms.auditPrice
  const needed = unitBond * unsettledUnits(terms, workers)
  return {
    expected: ceilDivide(expectedMillionths(terms) * terms.auditPrice, MILLION),
    most,
    unitBond,
    unitsOnMinimumStake: unitBond === 0n ? unsettledUnits(terms, workers) : minimumStake / unitBond,
    workerStake: needed > minimumStake ? needed : minimumStake,
    minimumStake,
  }
}
