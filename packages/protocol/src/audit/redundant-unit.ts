/**
 * The course of one unit under redundancy, as its coordinator records it: who was asked, seals, the closed list, openings,
 * what it came to. SPEC: docs/spec/audits.md "Redundancy". Events in, state out: whoever has the events has the state. Not
 * here: messages and signatures, which hosts check, and who is drawn (doers.ts).
 */
import type { HashFunction, HashHex } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { DoerOrder } from './doers.ts'
import { isOpened, type OpenedSeal, type SealedWork } from './sealed.ts'

/** The worker leases a unit; doers and substitutes follow from the beacon. */
export interface RedundantLease {
  readonly worker: Account
  readonly order: DoerOrder
}

export interface RedundantTimes {
  /** For doing a unit. */
  readonly doMs: number
  readonly openMs: number
}

export interface RedundantUnit extends RedundantLease {
  readonly times: RedundantTimes
  readonly sinceMs: number
  /** Doers, then substitutes as they became needed. */
  readonly asks: readonly { readonly account: Account; readonly sinceMs: number }[]
  /** The first of each account, in the order in which they came; opened where they were. */
  readonly seals: readonly SealedWork[]
  /** The worker's seal, then the doers': nobody's seal counts any more that is not in it. */
  readonly list?: { readonly seals: readonly SealedWork[]; readonly sinceMs: number }
  /** When the worker opened: doers are asked from then on. */
  readonly shownMs?: number
  readonly outcome?: RedundantOutcome
}

export type RedundantOutcome =
  /** The lease ends; the doers' seals stay shut for the next worker. */
  | { readonly outcome: 'worker-silent' }
  | {
      readonly outcome: 'compared'
      /** Doers with the worker's result. */
      readonly paid: readonly Account[]
      /** Doers with another result. SAFETY: all of them, for one that is the worker's friend would challenge nothing. */
      readonly challengers: readonly Account[]
      /** Was asked and did not seal in time, or did not open. */
      readonly silent: readonly Account[]
    }

export type RedundantEvent =
  | { readonly event: 'time' }
  | { readonly event: 'sealed'; readonly account: Account; readonly seal: HashHex }
  | { readonly event: 'opened'; readonly opened: OpenedSeal }
  /** Another worker, after the one before did not seal, or not open. */
  | ({ readonly event: 'leased' } & RedundantLease)

/** What a coordinator repeats until the state says otherwise. */
export interface RedundantRequests {
  readonly toDo: readonly Account[]
  readonly toOpen: readonly Account[]
}

/** Begins when the unit is leased and its doers are known. */
export const newRedundantUnit = (lease: RedundantLease, times: RedundantTimes, nowMs: number): RedundantUnit => ({
  ...lease,
  times,
  sinceMs: nowMs,
  asks: lease.order.doers.map(account => ({ account, sinceMs: nowMs })),
  seals: [],
})

/** Applies an event, and the time at which it came. */
export function applyRedundant(
  hash: HashFunction,
  unit: RedundantUnit,
  event: RedundantEvent,
  nowMs: number,
): RedundantUnit {
  // What is over by now is over before the event counts.
  const due = advance(unit, nowMs)
  const told =
    event.event === 'sealed'
      ? withSeal(due, event)
      : event.event === 'opened'
        ? withOpening(hash, due, event.opened, nowMs)
        : event.event === 'leased'
          ? withWorker(due, event, nowMs)
          : due
  return advance(told, nowMs)
}

/** Tells whom to ask for what. Doers open after the worker, so that they keep their seals where it is silent. */
export function redundantRequests({ worker, asks, seals, list, shownMs, outcome }: RedundantUnit): RedundantRequests {
  const hasSealed = (account: Account) => seals.some(seal => seal.account === account)
  if (outcome) return { toDo: [], toOpen: [] }
  if (!list) return { toDo: asks.map(({ account }) => account).filter(account => !hasSealed(account)), toOpen: [] }
  if (shownMs === undefined) return { toDo: [], toOpen: [worker] }
  return { toDo: [], toOpen: list.seals.filter(({ opened }) => !opened).map(({ account }) => account) }
}

function withSeal(unit: RedundantUnit, { account, seal }: SealedWork): RedundantUnit {
  const { worker, asks, seals, list, outcome } = unit
  const isExpected = account === worker || asks.some(ask => ask.account === account)
  const isNew = seals.every(one => one.account !== account)
  return list || outcome || !isExpected || !isNew ? unit : { ...unit, seals: [...seals, { account, seal }] }
}

function withOpening(hash: HashFunction, unit: RedundantUnit, opened: OpenedSeal, nowMs: number): RedundantUnit {
  const { worker, list, shownMs, outcome } = unit
  const isWorker = opened.account === worker
  if (!list || outcome || isWorker === (shownMs !== undefined)) return unit
  const seals = list.seals.map(one => {
    return one.account === opened.account && isOpened(hash, { ...one, opened }) ? { ...one, opened } : one
  })
  const isShown = isWorker && seals[0]?.opened !== undefined
  return { ...unit, list: { ...list, seals }, ...(isShown ? { shownMs: nowMs } : {}) }
}

/** Seals of those who are doers still, or substitutes that were asked, serve with the next worker. */
function withWorker(unit: RedundantUnit, { worker, order }: RedundantLease, nowMs: number): RedundantUnit {
  const { outcome, times, list, asks, seals } = unit
  if (list && outcome?.outcome !== 'worker-silent') return unit
  const fresh = newRedundantUnit({ worker, order }, times, nowMs)
  const substitutes = asks.filter(({ account }) => order.substitutes.includes(account))
  const asked = [...fresh.asks, ...substitutes]
  return { ...fresh, asks: asked, seals: seals.filter(seal => asked.some(({ account }) => account === seal.account)) }
}

function advance(unit: RedundantUnit, nowMs: number): RedundantUnit {
  if (unit.outcome) return unit
  if (!unit.list) return closeList(askSubstitutes(unit, nowMs), nowMs)
  const { list, times, shownMs } = unit
  const isOver = nowMs >= (shownMs ?? list.sinceMs) + times.openMs
  if (shownMs === undefined) return isOver ? { ...unit, outcome: { outcome: 'worker-silent' } } : unit
  return isOver || list.seals.every(({ opened }) => opened) ? { ...unit, outcome: compare(unit) } : unit
}

const hasSealed = ({ seals }: RedundantUnit, account: Account): boolean => seals.some(seal => seal.account === account)

/** Doers that may still seal, and whom nobody stands in for yet. */
const awaited = (unit: RedundantUnit, nowMs: number): Account[] =>
  unit.asks
    .filter(({ account, sinceMs }) => !hasSealed(unit, account) && nowMs < sinceMs + unit.times.doMs)
    .map(({ account }) => account)

const doersSealed = ({ seals, worker }: RedundantUnit): SealedWork[] =>
  seals.filter(({ account }) => account !== worker)

function askSubstitutes(unit: RedundantUnit, nowMs: number): RedundantUnit {
  const { order, asks, sinceMs, times } = unit
  if (nowMs >= sinceMs + 2 * times.doMs) return unit
  const lacking = order.doers.length - doersSealed(unit).length - awaited(unit, nowMs).length
  const left = order.substitutes.filter(one => asks.every(({ account }) => account !== one))
  const asked = left.slice(0, Math.max(0, lacking)).map(account => ({ account, sinceMs: nowMs }))
  return asked.length === 0 ? unit : { ...unit, asks: [...asks, ...asked] }
}

function closeList(unit: RedundantUnit, nowMs: number): RedundantUnit {
  const { worker, order, seals, sinceMs, times } = unit
  const own = seals.find(({ account }) => account === worker)
  const isOver = nowMs >= sinceMs + 2 * times.doMs || awaited(unit, nowMs).length === 0
  // A doer that was late and its substitute can both have sealed: as many count as the terms ask for.
  const doers = doersSealed(unit).slice(0, order.doers.length)
  if (!own || (doers.length < order.doers.length && !isOver)) return unit
  return { ...unit, list: { seals: [own, ...doers], sinceMs: nowMs } }
}

/** What does not open its seal is silence, whether or not something was said. */
function compare({ asks, list }: RedundantUnit): RedundantOutcome {
  const [own, ...doers] = list?.seals ?? []
  const root = own?.opened?.root
  const seals = doers.filter(({ opened }) => opened !== undefined)
  return {
    outcome: 'compared',
    paid: seals.filter(({ opened }) => opened?.root === root).map(({ account }) => account),
    challengers: seals.filter(({ opened }) => opened?.root !== root).map(({ account }) => account),
    silent: asks.map(({ account }) => account).filter(one => !seals.some(s => s.account === one && s.opened)),
  }
}

/**
 * Tells a node why it must not open under a list, or nothing where it may. Who opens under two lists of one unit and
 * worker gives whoever signed the second a result to copy: the host keeps the first.
 */
export function refusesList(
  list: readonly SealedWork[],
  own: SealedWork,
  { worker, order }: RedundantLease,
): string | undefined {
  const known = [worker, ...order.doers, ...order.substitutes]
  if (list.length > order.doers.length + 1) return 'more nodes than the unit asks for'
  if (list[0]?.account !== worker) return 'somebody else than the worker at its head'
  if (list.some(({ account }) => !known.includes(account))) return 'a node that was not drawn'
  if (new Set(list.map(({ account }) => account)).size < list.length) return 'an account twice'
  return list.some(({ account, seal }) => account === own.account && seal === own.seal)
    ? undefined
    : 'no seal of this node'
}
