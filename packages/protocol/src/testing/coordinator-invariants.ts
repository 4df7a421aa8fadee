/** What must hold of a coordinator's state after every event, whatever was sent to it. */
import { unitsOf } from '../roles/coordinator/draft.ts'
import type { CoordinatorState, JobRecord, RoundRecord } from '../roles/coordinator/state.ts'
import { mayMove, type UnitRecord } from '../roles/unit-machine.ts'

const STATES = ['open', 'leased', 'committed', 'settled', 'voided']

function unitProblem(record: UnitRecord): string | undefined {
  const { state, lease, outcome, reason } = record
  if (!STATES.includes(state)) return `unknown state ${state}`
  if (reason === '') return 'no reason'
  if ((state === 'leased') !== (lease !== undefined)) return `${state} ${lease ? 'with' : 'without'} a lease`
  const hasOutcome = state === 'committed' || state === 'settled'
  return hasOutcome === (outcome !== undefined) ? undefined : `${state} ${outcome ? 'with' : 'without'} an outcome`
}

function roundProblem(job: JobRecord, round: RoundRecord, at: number): string | undefined {
  if (round.round !== at) return `round ${round.round} at place ${at}`
  if (round.units.length !== job.facts.replicas) return `${round.units.length} units`
  if (round.globalRoot !== undefined && round.closedMs === undefined) return 'agreed before it was closed'
  const before = job.rounds[at - 1]
  if (before !== undefined && before.closedMs === undefined) return 'open before the round before it is closed'
  const wrongStart = round.units.find(
    ({ outcome }) =>
      outcome?.kind === 'trained' &&
      outcome.commitment.commitment.globalRoot !== (before === undefined ? job.facts.initialRoot : before.globalRoot),
  )
  if (wrongStart !== undefined) return 'a commitment starts from a state that was not agreed'
  return round.units.map(unitProblem).find(problem => problem !== undefined)
}

/** Says which invariant is broken, if any. */
export function brokenInvariant({ jobs }: CoordinatorState): string | undefined {
  for (const job of jobs.values()) {
    const leases = unitsOf(job).flatMap(({ lease }) => (lease === undefined ? [] : [lease]))
    if (new Set(leases.map(({ node }) => node)).size !== leases.length) return 'a node has two leases'
    if (new Set(leases.map(({ lease }) => lease)).size !== leases.length) return 'two leases have one number'
    const problem = job.rounds.map((round, at) => roundProblem(job, round, at)).find(found => found !== undefined)
    if (problem !== undefined) return problem
    if (job.ended && unitsOf(job).some(({ state }) => state === 'open' || state === 'leased'))
      return 'the job has ended and a unit is open'
  }
  return undefined
}

/** Says which unit made a move that does not exist, between two states of a coordinator. */
export function impossibleMove(before: CoordinatorState, after: CoordinatorState): string | undefined {
  for (const [id, job] of after.jobs) {
    const old = before.jobs.get(id)
    if (old === undefined) continue
    const now = new Map(unitsOf(job).map(record => [key(record), record]))
    for (const record of unitsOf(old)) {
      const next = now.get(key(record))
      if (next === undefined && !isTakenBack(old, job)) return `${key(record)} vanished`
      // A unit that was void may have been opened anew with its round.
      if (next === undefined || (record.state === 'voided' && isTakenBack(old, job))) continue
      if (next.state !== record.state && !isReachable(record.state, next.state))
        return `${key(record)} went from ${record.state} to ${next.state}`
      if (next.state !== record.state && next.reason === record.reason) return `${key(record)} moved without a reason`
    }
  }
  return undefined
}

/** What comes after a round that is done again is void, and opened anew when that is closed. */
function isTakenBack(old: JobRecord, job: JobRecord): boolean {
  const last = job.rounds.at(-1)
  const isReopened = last?.closedMs === undefined && old.rounds[last?.round ?? 0]?.closedMs !== undefined
  return isReopened || job.chain.wrongs.length > old.chain.wrongs.length
}

const key = ({ unit }: UnitRecord): string => `${unit.kind} ${unit.round}/${unit.replica}`

/** One event may move a unit twice, such as from open through leased. */
const isReachable = (from: string, to: string): boolean =>
  STATES.some(
    between =>
      mayMove(from as never, to as never) ||
      (mayMove(from as never, between as never) && mayMove(between as never, to as never)),
  )
