/** What a worker is told with a lease: what to do, from what, where to fetch it, who shall keep the result. */
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { LeaseMessage } from '../../settlement/works.ts'
import type { JobId, Unit } from '../../units.ts'
import type { Peer, Source } from '../events.ts'
import { type UnitRecord, workOf } from '../unit-machine.ts'
import { drawCustodians } from './custodians.ts'
import { claimsBefore, type Draft, jobOf, putUnit, recordOf, replicaRootBefore, startRootOf } from './draft.ts'
import { addressOf, type JobRecord } from './state.ts'

/** Places to look for one blob. */
const MOST_SOURCES = 16

/** Nodes that hold what a replica left behind: its worker, and the custodians that signed. */
export function keepersOf({ rounds }: JobRecord, round: number, replica: number): Peer[] {
  const outcome = rounds[round]?.units[replica]?.outcome
  if (outcome?.kind !== 'trained') return []
  return [outcome.commitment.worker, ...outcome.commitment.custody.map(({ peer }) => peer)]
}

/** Nodes that hold the global state a round starts from: those that computed it. */
const reportersOf = ({ rounds }: JobRecord, round: number): Peer[] => [...(rounds[round - 1]?.reports.keys() ?? [])]

function sourcesOf(draft: Draft, job: JobRecord, { unit }: UnitRecord, globalRoot: HashHex | undefined): Source[] {
  const { round, replica, kind } = unit
  // Those known to hold it first; but whoever took part may have fetched it since.
  const at = (peers: Iterable<Peer>): PeerAddress[] =>
    [...new Set([...peers, ...job.participants])].slice(0, MOST_SOURCES).map(peer => addressOf(draft.state, peer))
  const replicaRoot = kind === 'train' ? replicaRootBefore(job, round, replica) : undefined
  const globalFrom = reportersOf(job, kind === 'evaluate' ? round + 1 : round)
  return [
    { root: job.facts.document, peers: at(job.holders) },
    ...(globalRoot === undefined ? [] : [{ root: globalRoot, peers: at(globalFrom) }]),
    ...(replicaRoot === undefined ? [] : [{ root: replicaRoot, peers: at(keepersOf(job, round - 1, replica)) }]),
  ]
}

/** What a unit is done from, and where that can be fetched; undefined before the claims that led to it are there. */
export function startOf(draft: Draft, job: JobRecord, record: UnitRecord) {
  const { unit } = record
  const claims = claimsBefore(job, unit)
  if (claims === undefined) return undefined
  const globalRoot = unit.kind === 'evaluate' ? job.rounds[unit.round]?.globalRoot : startRootOf(job, unit.round)
  const replicaRoot = unit.kind === 'train' ? replicaRootBefore(job, unit.round, unit.replica) : undefined
  return {
    document: job.facts.document,
    ...(globalRoot === undefined ? {} : { globalRoot }),
    ...(replicaRoot === undefined ? {} : { replicaRoot }),
    claims,
    sources: sourcesOf(draft, job, record, globalRoot),
  }
}

/** Sends a lease to the node that has it. */
export function sendLease(draft: Draft, id: JobId, record: UnitRecord): void {
  const job = jobOf(draft, id)
  const { unit, lease } = record
  const start = job && startOf(draft, job, record)
  if (job === undefined || lease === undefined || start === undefined) return
  const { deadlineMs } = lease
  const custodiansNeeded = unit.kind === 'evaluate' ? 0 : job.facts.custodians
  const custodians = unit.kind === 'evaluate' ? [] : drawCustodians(draft, lease, custodiansNeeded)
  nameCustodians(draft, unit, lease.node, custodians)
  const about = { lease: lease.lease, unit, deadlineMs, ...start, custodians, custodiansNeeded }
  const before = unit.kind === 'train' ? workOf(job.rounds[unit.round - 1]?.units[unit.replica] ?? {}) : undefined
  const left = before && { before: before.commitment.commitment }
  const toSign = leaseToSign(draft, job, record, custodians.slice(0, custodiansNeeded))
  draft.effects.push({
    effect: 'sendLease',
    to: lease.node,
    job: id,
    body: { ...about, ...left },
    ...(toSign && { toSign }),
  })
}

/** Remembers who was named: nobody else's word counts that the unit is kept. */
function nameCustodians(draft: Draft, unit: Unit, worker: Peer, custodians: readonly PeerAddress[]): void {
  const job = jobOf(draft, unit.job)
  const record = job && recordOf(job, unit)
  if (record === undefined) return
  const named = new Set([...(record.named?.get(worker) ?? []), ...custodians.map(({ peer }) => peer)])
  putUnit(draft, { ...record, named: new Map(record.named).set(worker, [...named]) })
}

/** What the coordinator's account signs of a lease, so that it cannot leave the unit out: docs/spec/anchors.md "Inclusion". */
function leaseToSign(
  { state: { nodes } }: Draft,
  { facts, chain: { epoch } }: JobRecord,
  { unit: { job, round, replica: index, kind }, lease }: UnitRecord,
  keepers: readonly PeerAddress[],
): LeaseMessage | undefined {
  const worker = nodes.get(lease?.node ?? '')?.account as Account | undefined
  if (!isIncludable(facts) || kind === 'evaluate' || lease === undefined || worker === undefined) return undefined
  const custodians = keepers.flatMap(({ peer }) => (nodes.get(peer)?.account as Account | undefined) ?? [])
  const until = Math.ceil(lease.deadlineMs / 1000)
  return { of: 'lease', job, epoch, round, index, worker, until, custodians }
}

/** Tells whether the chain takes units of a job one by one: somebody answers for them, and they count as they come. */
const isIncludable = ({ unitBond, audits }: JobRecord['facts']): boolean => unitBond > 0n && audits?.doers === undefined
