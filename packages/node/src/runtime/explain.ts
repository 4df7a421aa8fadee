/** Answers "why": what holds now, in one sentence, for a job, a unit or a node. */
import {
  activeUnitsOf,
  type CoordinatorState,
  type JobRecord,
  jobObstacle,
  leaseOf,
  type NodeInfo,
  nodeObstacle,
  type UnitRecord,
  unitName,
} from '@cairn/protocol'

interface View {
  readonly state: CoordinatorState
  readonly nowMs: number
}

export const statusOf = ({ ended }: JobRecord): 'running' | 'finished' | 'cancelled' | 'diverged' | 'failed' =>
  ended?.outcome ?? 'running'

/** Says what a job is doing, or what it waits for. */
export function explainJob({ state }: View, job: JobRecord): string {
  if (job.ended) {
    const { status, earnings } = job.chain
    const money =
      status === 'closed'
        ? 'Its earnings are settled and the rest of the budget is refunded.'
        : earnings.pending
          ? 'Its earnings wait for the challenge window.'
          : 'Its earnings are not asserted yet.'
    return `${job.ended.outcome}: ${job.ended.reason}. ${money}`
  }
  if (job.waiting !== undefined) return `waiting: ${job.waiting}`
  const leased = activeUnitsOf(job).filter(({ lease }) => lease !== undefined)
  const names = leased.map(({ unit, lease }) => `${unitName(unit)} by ${shortName(state, lease?.node ?? '')}`)
  return names.length > 0 ? `running: ${names.join(', ')}` : `running: ${betweenRounds(job)}`
}

function betweenRounds({ rounds }: JobRecord): string {
  const closed = rounds.find(r => r.closedMs !== undefined && r.globalRoot === undefined)
  return closed === undefined ? 'between two units' : `the workers compute the state after round ${closed.round}`
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

/** Finds the node whose key or account begins with a text. */
export function findNode({ nodes }: CoordinatorState, prefix: string): NodeInfo | undefined {
  const text = prefix.toLowerCase()
  const found = [...nodes.values()].filter(({ peer, account }) => peer.startsWith(text) || account.startsWith(text))
  return found.length === 1 ? found[0] : undefined
}
