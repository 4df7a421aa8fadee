/** What every account has earned with a job: cumulative counts, from which the contract computes amounts. */
import { type Counts, noCounts } from '../../settlement.ts'
import type { CoordinatorState, JobRecord } from './state.ts'

/** Counts settled work by account, and the coordinator's rounds. `rounds` are those anchored. */
export function earnedCounts(state: CoordinatorState, job: JobRecord, rounds: number): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>()
  const add = (account: string | undefined, kind: keyof Counts, times = 1n) => {
    if (account === undefined || times === 0n) return
    const before = counts.get(account) ?? noCounts
    counts.set(account, { ...before, [kind]: before[kind] + times })
  }
  const accountOf = (peer: string) => state.nodes.get(peer)?.account
  for (const { units, evaluation } of job.rounds) {
    for (const { state: unitState, outcome } of units) {
      if (unitState !== 'settled') continue
      if (outcome?.kind === 'diverged') add(accountOf(outcome.node), 'trained')
      if (outcome?.kind !== 'trained') continue
      add(accountOf(outcome.commitment.worker), 'trained')
      for (const { peer } of outcome.commitment.custody.slice(0, job.facts.custodians)) add(accountOf(peer), 'kept')
    }
    if (evaluation?.state === 'settled' && evaluation.outcome?.kind === 'evaluated')
      add(accountOf(evaluation.outcome.evaluation.worker), 'evaluated')
  }
  for (const { coordinator } of job.rounds.slice(0, rounds)) add(coordinator ?? state.settings.account, 'coordinated')
  return counts
}
