/** Elements of every map operator of the table, from the conformance suite's cases: as many as are asked for. */
import type { Harness } from '@cairn/contracts/conformance'
import type { OperatorName } from '@cairn/engine'
import { isSpecial } from '@cairn/engine/arithmetic'
import { type ConformanceCase, divergingCases, makers, operatorCases, type Random } from '@cairn/engine/conformance'
import { compareElements, type ElementComparison } from './compare-elements.ts'

export const mapOperators = (Object.keys(makers) as OperatorName[]).filter(name => !isSpecial(name))

/** Odd sizes, a single element, more than one leaf of 1,024. */
const SIZES = [1, 5, 33, 101, 1031]

/** Cases of an operator that leave the domain, and those at a size that do not. */
const casesOf = (operator: OperatorName, r: Random, size: number): ConformanceCase[] => [
  ...divergingCases(operator, r, true),
  ...operatorCases(operator, r, { all: [size], beyondChunk: [] }),
]

/** Compares at least `count` elements of each operator, `perCase` of every map operator in a case. */
export async function compareOperators(
  harness: Harness,
  r: Random,
  count: number,
  perCase: number,
): Promise<ElementComparison> {
  const comparison: ElementComparison = { counts: new Map(), differences: [] }
  for (const operator of mapOperators) {
    const done = () => (comparison.counts.get(operator)?.elements ?? 0) >= count
    for (let n = 0; !done(); n++) {
      for (const one of casesOf(operator, r, SIZES[n % SIZES.length] as number)) {
        if (!done()) await compareElements(harness, r, one, perCase, comparison)
      }
    }
  }
  return comparison
}
