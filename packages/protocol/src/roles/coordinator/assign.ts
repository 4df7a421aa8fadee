/** Gives open units to idle nodes, and says in words what every job waits for and why every node is idle. */
import type { JobId, Unit } from '../../units.ts'
import type { Peer } from '../events.ts'
import { type Candidate, simpleScheduler } from '../scheduler.ts'
import { type Lease, type UnitRecord, unitName, workOf } from '../unit-machine.ts'
import { isRefuted } from './commits.ts'
import { custodianCounter, eligibleCustodians } from './custodians.ts'
import { activeUnitsOf, changeJob, type Draft, isLive, jobOf, move, recordOf, shortPeer } from './draft.ts'
import { busyNodes, measureObstacle } from './measure.ts'
import { committersOf } from './outer-signatures.ts'
import { keepersOf, sendLease } from './send-lease.ts'
import type { CoordinatorState, JobRecord, NodeInfo } from './state.ts'

type View = Pick<Draft, 'state' | 'nowMs'>

/** The unit a node has in lease, if any. */
export function leaseOf({ jobs }: CoordinatorState, peer: Peer): UnitRecord | undefined {
  for (const job of jobs.values()) {
    const record = job.ended ? undefined : activeUnitsOf(job).find(({ lease }) => lease?.node === peer)
    if (record !== undefined) return record
  }
  return undefined
}

/** Says why a job's units are not given to anybody, if so. */
export function jobObstacle({ state }: View, job: JobRecord): string | undefined {
  if (job.ended) return `the job is ${job.ended.outcome}: ${job.ended.reason}`
  if (job.isBehind) return 'the documents of rounds that another coordinator anchored are being fetched'
  if (job.chain.coordinator !== state.settings.account)
    return job.chain.coordinator === undefined
      ? 'this coordinator has not got the lease on the job yet'
      : `another coordinator (${job.chain.coordinator}) holds the lease on the job`
  return job.holders.size > 0 ? undefined : 'no node has fetched the job’s data from the submitter yet'
}

/** Says why a node may not have units of a job, if so. */
export function nodeObstacle(
  view: View,
  job: JobRecord,
  node: NodeInfo,
  others = eligibleCustodians(view, node.peer).length,
): string | undefined {
  const { facts } = job
  if (node.role !== 'worker') return 'it is no worker'
  if (node.seenMs === 0) return 'it was not heard of since this coordinator took over'
  if (!isLive(view, node.peer)) return `it was last heard of ${Math.round((view.nowMs - node.seenMs) / 1000)} s ago`
  if (node.leaving) return 'it is leaving'
  const unmeasured = measureObstacle(node)
  if (unmeasured !== undefined) return unmeasured
  if (node.price > facts.priceCeiling) return `its price ${node.price} is above the job's ${facts.priceCeiling}`
  if (node.memoryBytes < facts.memoryBytes)
    return `it has ${node.memoryBytes} bytes of memory, the job needs ${facts.memoryBytes}`
  const boundStake = facts.unitBond === 0n ? 0n : facts.unitBond + promisedStake(view.state, node)
  if (node.freeStake < boundStake) return `it has ${node.freeStake} of stake free, and would need ${boundStake}`
  return others >= facts.custodians
    ? undefined
    : `${facts.custodians} custodians of other owners are needed and ${others} are there`
}

/** Bonds of what a node has done or does, and no anchor has locked yet. */
function promisedStake({ jobs }: CoordinatorState, { peer, account }: NodeInfo): bigint {
  let sum = 0n
  for (const job of jobs.values()) {
    if (job.ended || job.facts.unitBond === 0n) continue
    const isIts = ({ lease, outcome }: UnitRecord) =>
      lease?.node === peer ||
      workOf({ outcome })?.commitment.account === account ||
      (outcome?.kind === 'evaluated' && outcome.evaluation.account === account)
    sum += job.facts.unitBond * BigInt(activeUnitsOf(job).filter(isIts).length)
  }
  return sum
}

/** Who can begin with a round: everybody once its start is agreed, before that only those who compute it themselves. */
function beginnersOf(job: JobRecord, round: number): 'everybody' | ReadonlySet<Peer> {
  const before = job.rounds[round - 1]
  if (round === 0 || before?.globalRoot !== undefined) return 'everybody'
  return new Set(before && committersOf(before))
}

/** Tells whether a node may have this open unit now. */
function mayHave(
  view: View,
  job: JobRecord,
  { unit, avoid }: UnitRecord,
  beginners: 'everybody' | ReadonlySet<Peer>,
  { peer, account }: NodeInfo,
): boolean {
  if ((avoid?.get(peer) ?? 0) > view.nowMs) return false // it failed this unit a moment ago
  if (isRefuted(job, unit, account)) return false
  return unit.kind === 'evaluate' || beginners === 'everybody' || beginners.has(peer)
}

/** Training of the next round comes before an evaluation, an evaluation before training of the round after. */
const urgency = ({ kind, round }: Unit): number => 2 * round + (kind === 'evaluate' ? 3 : 0)

/**
 * Tells whether a unit need not wait for an anchor. Under redundancy the anchor of the round before draws its doers: all
 * workers could wait for it with what they have sealed, and the evaluation that the anchor waits for would find none.
 */
const mayBegin = ({ facts, chain }: JobRecord, { kind, round }: Unit): boolean =>
  facts.audits?.doers === undefined || kind === 'evaluate' || round <= chain.anchored

function candidatesOf(view: View, job: JobRecord, idle: readonly NodeInfo[]): Candidate[] {
  const open = activeUnitsOf(job).filter(({ state, unit }) => state === 'open' && mayBegin(job, unit))
  if (open.length === 0) return [] // PERF: most events change nothing here, and nodes are many
  const custodiansFor = custodianCounter(view)
  const able = idle.filter(node => nodeObstacle(view, job, node, custodiansFor(node)) === undefined)
  const beginners = new Map(open.map(({ unit: { round } }) => [round, beginnersOf(job, round)]))
  return open
    .sort((a, b) => urgency(a.unit) - urgency(b.unit))
    .map(record => ({
      unit: record.unit,
      nodes: able
        .filter(node => mayHave(view, job, record, beginners.get(record.unit.round) ?? 'everybody', node))
        .map(({ peer }) => peer),
      keepers: record.unit.kind === 'train' ? keepersOf(job, record.unit.round - 1, record.unit.replica) : [],
    }))
}

function give(draft: Draft, unit: Unit, peer: Peer): void {
  const job = jobOf(draft, unit.job)
  const record = job && recordOf(job, unit)
  const node = draft.state.nodes.get(peer)
  if (job === undefined || record === undefined || node === undefined) return
  const { operationsPerUnit, operationsPerEvaluation } = job.facts
  const { leaseFactor, shortestLeaseMs, slowestOperationsPerSecond } = draft.state.settings
  const operations = Number(unit.kind === 'train' ? operationsPerUnit : operationsPerEvaluation)
  const expectedMs = Math.ceil((operations * 1000) / Math.max(slowestOperationsPerSecond, node.operationsPerSecond))
  const { nextLease, nowMs, seed } = { ...draft.state, ...draft }
  const lease: Lease = {
    lease: nextLease,
    node: peer,
    atMs: nowMs,
    deadlineMs: nowMs + shortestLeaseMs + leaseFactor * expectedMs,
    sentMs: nowMs,
    done: 0,
    seed: (seed + nextLease) >>> 0,
  }
  draft.state = { ...draft.state, nextLease: nextLease + 1 }
  move(draft, record, { to: 'leased', reason: `leased to ${shortPeer(peer)}`, lease })
  changeJob(draft, unit.job, old => ({ ...old, participants: new Set([...old.participants, peer]) }))
  const leased = recordOf(jobOf(draft, unit.job) as JobRecord, unit)
  if (leased !== undefined) sendLease(draft, unit.job, leased)
}

function waitingText(
  view: View,
  job: JobRecord,
  candidates: readonly Candidate[],
  idle: readonly NodeInfo[],
): string | undefined {
  const active = activeUnitsOf(job)
  if (active.some(({ state }) => state === 'leased')) return undefined
  const undrawn = active.find(({ state, unit }) => state === 'open' && !mayBegin(job, unit))
  if (undrawn && candidates.length === 0)
    return `${unitName(undrawn.unit)} waits: the anchor of the round before draws who does it beside its worker`
  const stuck = candidates.find(({ nodes }) => nodes.length === 0)
  if (stuck === undefined) return undefined
  const workers = [...view.state.nodes.values()].filter(({ role }) => role === 'worker')
  if (workers.length === 0) return `${unitName(stuck.unit)} waits: no worker has been heard of`
  const why = workers.map(node => {
    const obstacle = nodeObstacle(view, job, node) ?? (idle.includes(node) ? 'it waits for the round' : 'it is busy')
    return `${shortPeer(node.peer)}: ${obstacle}`
  })
  return `${unitName(stuck.unit)} waits: ${why.slice(0, 5).join('; ')}`
}

function assignJob(draft: Draft, id: JobId, idle: NodeInfo[]): void {
  const job = jobOf(draft, id)
  if (job === undefined || job.ended) return
  const obstacle = jobObstacle(draft, job)
  const candidates = obstacle === undefined ? candidatesOf(draft, job, idle) : []
  const waiting = obstacle ?? waitingText(draft, job, candidates, idle)
  if (waiting !== job.waiting)
    changeJob(draft, id, ({ waiting: _, ...rest }) => (waiting === undefined ? rest : { ...rest, waiting }))
  /** Who is not measured comes last, however fast it says it is. */
  const speedOf = (peer: Peer) => {
    const node = draft.state.nodes.get(peer)
    return node?.measuredBy === undefined ? 0 : node.operationsPerSecond
  }
  for (const { unit, node } of simpleScheduler(candidates, speedOf)) {
    give(draft, unit, node)
    idle.splice(
      idle.findIndex(({ peer }) => peer === node),
      1,
    )
  }
}

/** Gives what is open to who is idle, job by job in the order of their coming. */
export function assign(draft: Draft): void {
  const busy = busyNodes(draft.state)
  const idle = [...draft.state.nodes.values()].filter(({ peer }) => !busy.has(peer))
  for (const id of draft.state.jobs.keys()) assignJob(draft, id, idle)
}
