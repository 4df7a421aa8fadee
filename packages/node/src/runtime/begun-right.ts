/**
 * Whether what a coordinator names begins where it has to. SAFETY: a worker answers with its bond for where it began, and its signature
 * names neither the state of its replica nor, in the first round, the job's: a contract takes the bond of whoever began elsewhere at once.
 */
import { claimHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { type ProvableJob, trainedClaim, type WorkerEffect } from '@cairn/protocol'

type Begun = Pick<Extract<WorkerEffect, { effect: 'run' }>, 'unit' | 'globalRoot' | 'replicaRoot' | 'claims' | 'before'>

/** Root of the state in which the replica was left, as far as what was claimed of it says. */
function leftIn(
  { unit, claims, before }: Begun,
  { isReplicaKept, freshReplicaRoot }: ProvableJob,
): HashHex | undefined {
  if (!isReplicaKept || unit.round === 0) return freshReplicaRoot
  const isClaimed = before !== undefined && claimHash(trainedClaim(before)) === claims[unit.replica]
  return isClaimed ? before.newReplicaRoot : undefined
}

/** Says why a unit is not to be signed, if it is not. What an evaluation begins from, its signature names. */
export function unitStartProblem(begun: Begun, provable: ProvableJob): string | undefined {
  const { unit, globalRoot, replicaRoot = provable.freshReplicaRoot } = begun
  if (unit.kind === 'evaluate') return undefined
  if (unit.round === 0 && globalRoot !== provable.initialRoot)
    return 'the unit is to begin from another state than the job'
  return replicaRoot === leftIn(begun, provable) ? undefined : 'the unit is to begin where nobody has left its replica'
}

/** The same of an outer step. */
export const outerStartProblem = (
  { round, startRoot }: { readonly round: number; readonly startRoot: HashHex },
  { initialRoot }: ProvableJob,
): string | undefined =>
  round === 0 && startRoot !== initialRoot ? 'the outer step is to begin from another state than the job' : undefined
