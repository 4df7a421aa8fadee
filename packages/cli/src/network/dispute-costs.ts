/** What a dispute took: moves on the chain and elsewhere, gas, bytes. */
import { encodeCanonical } from '@cairn/primitives'
import type { Evidence, EvidenceStep } from '@cairn/protocol'

export interface DisputeCosts {
  readonly movesOnChain: number
  /** By signed messages, all of them, and those that nobody tells who has not played. */
  readonly movesSaid: number
  readonly movesUntold: number
  /** Of the moves that are known: what they say. */
  readonly moveBytes: number
  /** Of all transactions, and of the one that ended it. */
  readonly gas: number
  readonly lastGas?: number
}

/** Counts turns that passed before a step, without one of the steps that are known. */
function untoldBefore(steps: readonly EvidenceStep[], i: number): number {
  const known = steps[i - 1]?.after?.turn ?? 0
  return Math.max(0, (steps[i] as EvidenceStep).before.turn - known)
}

/** Sums up what a dispute took, from its bundle and the moves that were made again. */
export function disputeCosts({ opened, ended }: Evidence, steps: readonly EvidenceStep[]): DisputeCosts {
  const gasOf = new Map<string, number>()
  for (const { made } of steps) if ('transaction' in made) gasOf.set(made.transaction, made.gasUsed)
  const movesOnChain = gasOf.size
  for (const cost of [opened, ended]) if (cost) gasOf.set(cost.transaction, cost.gasUsed)
  const movesUntold = steps.reduce((sum, _, i) => sum + untoldBefore(steps, i), 0)
  return {
    movesOnChain,
    movesSaid: steps.length - movesOnChain + movesUntold,
    movesUntold,
    moveBytes: steps.reduce((sum, { made }) => sum + encodeCanonical(made.move as never).length, 0),
    gas: [...gasOf.values()].reduce((sum, gas) => sum + gas, 0),
    ...(ended && { lastGas: ended.gasUsed }),
  }
}
