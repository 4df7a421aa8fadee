/** Leases: told again until the node is heard of, ended by a passed deadline or a release, never by mere silence. */
import type { JobId, UnitKind } from '../../units.ts'
import type { Peer } from '../events.ts'
import type { UnitRecord } from '../unit-machine.ts'
import { activeUnitsOf, type Draft, jobOf, move, putUnit, recordOf, shortPeer } from './draft.ts'
import { sendLease } from './send-lease.ts'

interface LeaseEvent {
  readonly job: JobId
  readonly peer: Peer
  readonly lease: number
}

const leasedUnits = (draft: Draft, id: JobId): UnitRecord[] => {
  const job = jobOf(draft, id)
  return job === undefined ? [] : activeUnitsOf(job).filter(({ state }) => state === 'leased')
}

const byLease = (draft: Draft, { job, lease, peer }: LeaseEvent): UnitRecord | undefined =>
  leasedUnits(draft, job).find(record => record.lease?.lease === lease && record.lease.node === peer)

/** Notes how far a node is. */
export function onProgress(draft: Draft, event: LeaseEvent & { readonly done: number }): void {
  const record = byLease(draft, event)
  if (record?.lease === undefined) return
  const done = Math.max(record.lease.done, event.done)
  putUnit(draft, { ...record, lease: { ...record.lease, done, sentMs: draft.nowMs } })
}

/** Takes a lease back that a node gives up. */
export function onRelease(draft: Draft, event: LeaseEvent & { readonly reason: string }): void {
  const { job, peer } = event
  const record = byLease(draft, event)
  const about = { about: 'release', lease: event.lease } as const
  draft.effects.push({ effect: 'send', to: peer, job, kind: 'noted', body: about })
  if (record === undefined) return
  move(draft, record, { to: 'open', reason: `${shortPeer(peer)} gave it back: ${event.reason}` })
  avoid(draft, record.unit, peer)
}

/** Keeps a unit from the node that just failed it, for longer with every failure. */
export function avoid(
  draft: Draft,
  { job: id, kind, round, replica }: { job: JobId; kind: UnitKind; round: number; replica: number },
  peer: Peer,
): void {
  const job = jobOf(draft, id)
  const record = job && recordOf(job, { kind, round, replica })
  if (record === undefined) return
  const untilMs = draft.nowMs + draft.state.settings.resendMs * 2 ** Math.min(record.failures, 5)
  putUnit(draft, { ...record, avoid: new Map(record.avoid).set(peer, untilMs) })
}

/** Ends leases whose deadline has passed, and repeats those whose node has not answered. */
export function tendLeases(draft: Draft, id: JobId): void {
  const { resendMs } = draft.state.settings
  for (const record of leasedUnits(draft, id)) {
    const { lease } = record
    if (lease === undefined) continue
    if (draft.nowMs >= lease.deadlineMs) {
      const seconds = Math.round((lease.deadlineMs - lease.atMs) / 1000)
      move(draft, record, { to: 'open', reason: `${shortPeer(lease.node)} did not commit within ${seconds} s` })
      avoid(draft, record.unit, lease.node)
    } else if (draft.nowMs - lease.sentMs >= 2 * resendMs) {
      putUnit(draft, { ...record, lease: { ...lease, sentMs: draft.nowMs } })
      sendLease(draft, id, record)
    }
  }
}
