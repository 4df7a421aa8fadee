/** What a simulation counts: money by who earned it, and how often what could be found was found. */

/** A mean and how sure it is. */
export interface Tally {
  readonly count: number
  readonly sum: number
  readonly squares: number
}

export interface Ledger {
  /** Money of each unit that the strategy did not do as it should. */
  cheated: Tally
  /** Money of each unit of honest workers. */
  worked: Tally
  /** Money of each attestation of honest verifiers. */
  verified: Tally
  /** Wrong units of which the beacon could choose, and those that it chose so that they were found. */
  chances: number
  found: number
  /** Of `found`, by the formula. */
  expected: number
  variance: number
}

const nothing: Tally = { count: 0, sum: 0, squares: 0 }

export const newLedger = (): Ledger => ({
  ...{ cheated: nothing, worked: nothing, verified: nothing },
  ...{ chances: 0, found: 0, expected: 0, variance: 0 },
})

export const counted = ({ count, sum, squares }: Tally, amount: number): Tally => ({
  count: count + 1,
  sum: sum + amount,
  squares: squares + amount * amount,
})

/** Counts one drawing that finds with a known chance. */
export function countChance(ledger: Ledger, chance: number, isFound: boolean): void {
  ledger.chances++
  ledger.found += isFound ? 1 : 0
  ledger.expected += chance
  ledger.variance += chance * (1 - chance)
}

export const meanOf = ({ count, sum }: Tally): number => (count === 0 ? 0 : sum / count)

/** Standard error of the mean. */
export function errorOf({ count, sum, squares }: Tally): number {
  if (count < 2) return Number.POSITIVE_INFINITY
  return Math.sqrt(Math.max(0, squares - (sum * sum) / count) / (count - 1) / count)
}

/** By how many standard deviations the findings differ from the formula. Zero where the formula leaves nothing to chance. */
export function deviationsOf({ found, expected, variance }: Ledger): number {
  if (variance > 1e-9) return (found - expected) / Math.sqrt(variance)
  return Math.abs(found - expected) < 1e-6 ? 0 : Number.POSITIVE_INFINITY
}
