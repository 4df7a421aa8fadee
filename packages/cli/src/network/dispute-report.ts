/** A dispute that is over, judged again, with all that follows from its bundle of evidence. */
import type { Evidence, EvidenceJudgement } from '@cairn/protocol'
import { type DisputeCosts, disputeCosts } from './dispute-costs.ts'
import { type DisputePath, disputePath } from './dispute-path.ts'
import { judgeAgain } from './evidence.ts'

export interface DisputeReport extends EvidenceJudgement {
  readonly bundle: Evidence
  /** Where the verdict does not follow, nothing is said of the way there. */
  readonly path?: DisputePath
  readonly costs: DisputeCosts
}

/** Judges a bundle again. */
export function reportOf(bundle: Evidence): DisputeReport {
  const { differences, steps } = judgeAgain(bundle)
  const path = differences.length === 0 ? { path: disputePath(bundle, steps) } : {}
  return { bundle, differences, steps, ...path, costs: disputeCosts(bundle, steps) }
}
