/** Answers "why": what holds now, in one sentence, for a job, a unit or a node. */
import {
  activeUnitsOf,
  type CoordinatorState,
  type Counts,
  earnedCounts,
  type JobRecord,
  jobObstacle,
  leaseOf,
  type NodeInfo,
  nodeObstacle,
  type UnitRecord,
  unitName,
} from '@cairn/protocol'
import type { WorkSummary } from './summaries.ts'

interface View {
  readonly state: CoordinatorState
  readonly nowMs: number
}

export const statusOf = ({ ended }: JobRecord): 'running' | 'finished' | 'cancelled' | 'diverged' | 'failed' =>
  ended?.outcome ?? 'running'

/** Says what a job is doing, or what it waits for. */
export function explainJob({ state }: View, job: JobRecord): string {
  if (job.ended) {
    return `${job.ended.outcome}: ${job.ended.reason}. ${moneyText(job)}`
  }
  if (job.waiting !== undefined) return `waiting: ${job.waiting}`
  const leased = activeUnitsOf(job).filter(({ lease }) => lease !== undefined)
  const names = leased.map(({ unit, lease }) => `${unitName(unit)} by ${shortName(state, lease?.node ?? '')}`)
  const now = names.length > 0 && job.ending === undefined ? names.join(', ') : betweenRounds(job)
  return `running: ${now}`
}

/** Says what becomes of the money of a job that is over. */
function moneyText({ chain, ended }: JobRecord): string {
  const { status, earnings, isEnded, anchored, finalLinks } = chain
  if (status === 'closed') return 'Its earnings are settled and the rest of the budget is refunded.'
  if (earnings.pending) return 'Its earnings wait for the challenge window.'
  if (anchored > finalLinks) return 'Its last rounds wait for the challenge window.'
  if (isEnded && anchored === finalLinks) return 'What closed its chain waits for the challenge window.'
  const isStuck = status === 'open' && !isEnded && ended?.outcome !== 'finished'
  return isStuck
    ? 'Its submitter can cancel it to get the rest of the budget back.'
    : 'Its earnings are not asserted yet.'
}

function betweenRounds({ rounds, ending, chain, facts }: JobRecord): string {
  if (ending !== undefined) return `the rounds before round ${ending.round} are anchored, for there ${ending.reason}`
  const closed = rounds.find(r => r.closedMs !== undefined && r.globalRoot === undefined)
  if (closed === undefined && chain.anchored === facts.rounds)
    return `all rounds are anchored; round ${chain.finalLinks} waits until it is final`
  if (closed === undefined) return 'between two units'
  const workers = closed.units.flatMap(({ outcome }) =>
    outcome?.kind === 'trained' ? [outcome.commitment.worker] : [],
  )
  const missing = [...new Set(workers)].filter(peer => !closed.reports.has(peer)).map(peer => peer.slice(0, 8))
  return `the workers compute the state after round ${closed.round}; ${missing.join(', ')} did not report yet`
}

/** Says what a node is doing, or why it does nothing. */
export function explainNode(view: View, node: NodeInfo): string {
  const record = leaseOf(view.state, node.peer)
  if (record !== undefined) return `works on ${unitName(record.unit)} of job ${record.unit.job.slice(0, 8)}`
  if (node.role === 'coordinator') return 'coordinates'
  const running = [...view.state.jobs.values()].filter(job => !job.ended)
  if (running.length === 0) return 'idle: there is no job'
  const why = running.map(job => `job ${job.facts.job.slice(0, 8)}: ${whyIdle(view, job, node)}`)
  return `idle: ${why.join('; ')}`
}

function whyIdle(view: View, job: JobRecord, node: NodeInfo): string {
  const obstacle = jobObstacle(view, job) ?? nodeObstacle(view, job, node)
  if (obstacle !== undefined) return obstacle
  const open = activeUnitsOf(job).filter(({ state }) => state === 'open')
  return open.length === 0 ? 'all its units are leased or done' : 'the next units wait for the round before them'
}

/** Says where a unit is. */
export function explainUnit({ state }: View, { unit, state: unitState, reason, lease, failures }: UnitRecord): string {
  const who = lease === undefined ? '' : ` (${shortName(state, lease.node)}, ${lease.done} steps done)`
  const failed = failures === 0 ? '' : `; ${failures} leases on it came to nothing`
  return `${unitName(unit)} is ${unitState}${who}: ${reason}${failed}`
}

const shortName = ({ nodes }: CoordinatorState, peer: string): string =>
  `${peer.slice(0, 8)}${nodes.has(peer) ? '' : ' (unknown)'}`

/** Finds the job whose id begins with a text. */
export function findJob({ jobs }: CoordinatorState, prefix: string): JobRecord | undefined {
  const found = [...jobs.values()].filter(({ facts }) => facts.job.startsWith(prefix.toLowerCase()))
  return found.length === 1 ? found[0] : undefined
}

/** A coordinator does not hear itself, and knows itself by its account only. */
const ownNode = ({ settings: { account } }: CoordinatorState, nowMs: number): NodeInfo => ({
  ...{ peer: '', account, owner: account, role: 'coordinator', addresses: [], price: 0n, memoryBytes: 0 },
  ...{ operationsPerSecond: 0, leaving: false, seenMs: nowMs, freeStake: 0n },
})

/** Finds the node whose key or account begins with a text. */
export function findNode({ state, nowMs }: View, prefix: string): NodeInfo | undefined {
  const text = prefix.toLowerCase()
  const nodes = new Map([ownNode(state, nowMs), ...state.nodes.values()].map(node => [node.account, node]))
  const found = [...nodes.values()].filter(({ peer, account }) => peer.startsWith(text) || account.startsWith(text))
  return found.length === 1 ? found[0] : undefined
}

/** Lists what everybody has done for a job in its anchored rounds: what `cairn why` makes amounts of. */
export const workOfJob = (state: CoordinatorState, job: JobRecord): WorkSummary[] =>
  [...earnedCounts(job, state.settings.account)].map(([account, counts]) => ({
    job: job.facts.job,
    account,
    ...inNumbers(counts),
  }))

/** SAFETY: anybody may ask, and each of them has to be counted. */
const MOST_JOBS_COUNTED = 50

/** Lists what a node has done for the newest jobs that it took part in. */
export function workOfNode(state: CoordinatorState, { peer, account, role }: NodeInfo): WorkSummary[] {
  const jobs = [...state.jobs.values()].filter(job => role === 'coordinator' || job.participants.has(peer))
  const work = jobs.slice(-MOST_JOBS_COUNTED).flatMap(job => workOfJob(state, job))
  return work.filter(done => done.account === account)
}

const inNumbers = ({ trained, evaluated, kept, coordinated, audited }: Counts) => ({
  trained: Number(trained),
  evaluated: Number(evaluated),
  kept: Number(kept),
  coordinated: Number(coordinated),
  audited: Number(audited),
})
