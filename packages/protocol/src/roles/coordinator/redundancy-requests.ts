/** What a coordinator asks of those who do a unit, and tells doers whose result is another: repeated until it is there. */
import { redundantRequests } from '../../audit/redundant-unit.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Unit } from '../../units.ts'
import type { Peer, SendEffect } from '../events.ts'
import { peerOf } from './audit-orders.ts'
import { changeRound, type Draft, jobOf, recordOf } from './draft.ts'
import type { UnitCourse } from './redundancy-state.ts'
import { startOf } from './send-lease.ts'

/** Asks a node to open under the closed list. */
export function sendOpen(draft: Draft, unit: Unit, { epoch, unit: { list } }: UnitCourse, to: Peer): void {
  const seals = (list?.seals ?? []).map(({ account, seal }) => ({ account, seal }))
  draft.effects.push({ effect: 'send', to, job: unit.job, kind: 'open', body: { unit, epoch, list: seals } })
}

/** Asks a doer to do a unit, from where its worker starts. */
function sendDo(draft: Draft, unit: Unit, { unit: { worker, asks, times } }: UnitCourse, to: Peer, doer: Account) {
  const job = jobOf(draft, unit.job)
  const record = job && recordOf(job, unit)
  const start = job && record && startOf(draft, job, record)
  const { globalRoot, ...rest } = start ?? {}
  const ask = asks.find(({ account }) => account === doer)
  if (start === undefined || globalRoot === undefined || ask === undefined) return
  const body = { ...start, ...rest, globalRoot, unit, worker, deadlineMs: ask.sinceMs + times.doMs }
  draft.effects.push({ effect: 'send', to, job: unit.job, kind: 'do', body })
}

function sendDiffers(draft: Draft, unit: Unit, { unit: { worker, list } }: UnitCourse, to: Peer): void {
  const root = list?.seals[0]?.opened?.root
  if (root === undefined) return
  const body: Extract<SendEffect, { kind: 'differs' }>['body'] = { unit, worker, root }
  draft.effects.push({ effect: 'send', to, job: unit.job, kind: 'differs', body })
}

type Send = (draft: Draft, unit: Unit, course: UnitCourse, to: Peer, account: Account) => void

/** Sends what is due: to do, to open, that another result was found. */
export function tendRequests(draft: Draft, unit: Unit): void {
  const job = jobOf(draft, unit.job)
  const course = job?.rounds[unit.round]?.courses?.get(unit.replica)
  if (job === undefined || course === undefined) return
  const isLeased = recordOf(job, unit)?.state === 'leased'
  const { toDo, toOpen } = isLeased ? redundantRequests(course.unit) : { toDo: [], toOpen: [] }
  const { outcome } = course.unit
  const challengers = outcome?.outcome === 'compared' ? outcome.challengers : []
  const all: readonly [string, Send, readonly Account[]][] = [
    ['do', sendDo, toDo],
    ['open', sendOpen, toOpen],
    ['differs', sendDiffers, challengers],
  ]
  const sent = all.flatMap(([kind, send, accounts]) =>
    accounts.flatMap(account => {
      const key = `${kind} ${account}`
      const to = peerOf(draft, account)
      const isDue = draft.nowMs - (course.sentMs.get(key) ?? Number.NEGATIVE_INFINITY) >= draft.state.settings.resendMs
      if (to === undefined || !isDue) return []
      send(draft, unit, course, to, account)
      return [[key, draft.nowMs] as const]
    }),
  )
  if (sent.length === 0) return
  const after = { ...course, sentMs: new Map([...course.sentMs, ...sent]) }
  changeRound(draft, unit.job, unit.round, r => ({ ...r, courses: new Map(r.courses).set(unit.replica, after) }))
}
