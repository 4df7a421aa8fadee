/**
 * Why cheating does not pay: rate * (1 - colluding)^verifiers * burned(bond) >= 2 * gain, in integers. SPEC: protocol.md
 * section 3; docs/spec/audits.md "Deterrence". The smallest bond that satisfies it is `unitBondFor`, which the escrow
 * computes too; here is the inequality itself, for whoever checks a job before lending it a machine.
 */
import type { Terms } from '../settlement/terms.ts'

/** What the two sides come to, both multiplied by 10^6 for each share in them. */
export interface Deterrence {
  readonly holds: boolean
  /** What a cheater has to expect to be burned of its bond. */
  readonly expectedBurn: bigint
  /** Twice the dearest unit's price. */
  readonly needed: bigint
}

const MILLION = 1_000_000n
/** How often the gain is covered. Segments are uneven by less than this factor, too (docs/spec/audits.md). */
const SAFETY = 2n

/** What a slash burns of a bond: half of it, rounded up. Whoever reports itself gets at most the rest back. */
export const burnedOf = (bond: bigint): bigint => bond - bond / 2n

/** Weighs what a unit of a job with such terms can gain by cheating against what its bond stands to lose. */
export function deterrenceOf(
  terms: Pick<Terms, 'trainPrice' | 'evaluatePrice' | 'auditRate' | 'verifiers'>,
  bond: bigint,
  colludingShare: number,
): Deterrence {
  const { trainPrice, evaluatePrice, auditRate, verifiers } = terms
  const gain = trainPrice > evaluatePrice ? trainPrice : evaluatePrice
  const honest = MILLION - BigInt(colludingShare)
  const expectedBurn = BigInt(auditRate) * honest ** BigInt(verifiers) * burnedOf(bond)
  const needed = SAFETY * gain * MILLION ** BigInt(verifiers + 1)
  return { holds: expectedBurn >= needed, expectedBurn, needed }
}
