/** The course of a unit, as it begins with each lease on it: what was sealed before serves again. */
import { sha256 } from '@cairn/primitives'
import { orderDoers } from '../../audit/doers.ts'
import {
  applyRedundant,
  newRedundantUnit,
  type RedundantLease,
  type RedundantTimes,
  type RedundantUnit,
} from '../../audit/redundant-unit.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Lease, UnitRecord } from '../unit-machine.ts'
import type { Draft } from './draft.ts'
import type { UnitCourse } from './redundancy-state.ts'
import type { JobRecord } from './state.ts'

/** Doers may be so many times as slow as the unit's worker before others are asked. */
const SLOWEST = 4

/** How long doers have: as long as the slowest that may be asked needs, as it says of itself. */
function timesOf({ state }: Draft, { facts }: JobRecord, worker: Lease['node'], { order }: RedundantLease) {
  const { shortestLeaseMs, leaseFactor } = state.settings
  const expectedMs = (speed: number) => Math.ceil((Number(facts.operationsPerUnit) * 1000) / Math.max(1, speed))
  const accounts: readonly string[] = [...order.doers, ...order.substitutes]
  const doers = [...state.nodes.values()].filter(({ account, seenMs }) => seenMs > 0 && accounts.includes(account))
  const ownMs = expectedMs(state.nodes.get(worker)?.operationsPerSecond ?? 1)
  const slowestMs = Math.max(ownMs, ...doers.map(({ operationsPerSecond }) => expectedMs(operationsPerSecond)))
  const doMs = shortestLeaseMs + leaseFactor * Math.min(SLOWEST * ownMs, slowestMs)
  return { doMs, openMs: shortestLeaseMs } satisfies RedundantTimes
}

/** Another lease: the doers' seals serve again, and the list is closed anew. */
function withLease(known: RedundantUnit, lease: RedundantLease, nowMs: number): RedundantUnit {
  const { list: _, shownMs: __, ...rest } = known
  const open: RedundantUnit = { ...rest, outcome: { outcome: 'worker-silent' } }
  return applyRedundant(sha256, open, { event: 'leased', ...lease }, nowMs)
}

/** A coordinator that has taken its lease on the job anew closes the list anew, unless its worker has opened. */
function inEpoch(known: UnitCourse, epoch: number): UnitCourse {
  if (known.epoch === epoch || known.unit.shownMs !== undefined) return known
  const { list: _, ...unit } = known.unit
  return { ...known, epoch, lists: new Map(), unit }
}

/** The course of a unit as it is under its present lease; undefined before it has one, or before the draw is known. */
export function courseOf(draft: Draft, job: JobRecord, { unit, lease }: UnitRecord): UnitCourse | undefined {
  const { epoch } = job.chain
  const { courses, doers: drawn } = job.rounds[unit.round] ?? {}
  const known = courses?.get(unit.replica)
  const node = lease && draft.state.nodes.get(lease.node)
  const wanted = job.facts.audits?.doers
  if (lease === undefined || node === undefined || drawn === undefined || wanted === undefined) return known
  if (known?.lease === lease.lease) return inEpoch(known, epoch)
  const worker = node.account as Account
  const order = orderDoers(drawn[unit.replica] ?? [], node.owner, wanted)
  const begun = { worker, order }
  const fresh = { lease: lease.lease, epoch, sentMs: new Map<string, number>() }
  if (known === undefined) {
    const times = timesOf(draft, job, lease.node, begun)
    return { ...fresh, lists: new Map(), unit: newRedundantUnit(begun, times, draft.nowMs) }
  }
  const lists = known.epoch === epoch ? known.lists : new Map()
  return { ...fresh, lists, unit: withLease(known.unit, begun, draft.nowMs) }
}
