/** Whole courses of one unit by events alone: honest, lying, silent, copying nodes, and a coordinator that starts again. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import type { Account } from '../settlement/terms.ts'
import { accountOf } from '../testing/audit-network.ts'
import {
  applyRedundant,
  newRedundantUnit,
  type RedundantEvent,
  type RedundantUnit,
  redundantRequests,
  refusesList,
} from './redundant-unit.ts'
import { type OpenedSeal, sealRoot } from './sealed.ts'

const [worker, one, two, three, four, next] = [1, 2, 3, 4, 5, 6].map(accountOf) as [Account, ...Account[]] & Account[]
const [a, b, c, d] = [one, two, three, four] as [Account, Account, Account, Account]
const order = { doers: [a, b], substitutes: [c, d] }
const times = { doMs: 1_000, openMs: 100 }
const right = 'aa'.repeat(32) as HashHex
const wrong = 'bb'.repeat(32) as HashHex

const opens = (account: Account, root = right): OpenedSeal => {
  return { account, root, salt: new Uint8Array(32).fill(Number.parseInt(account.slice(-2), 16)) }
}
const seals = (account: Account, root = right): RedundantEvent => {
  return { event: 'sealed', account, seal: sealRoot(sha256, opens(account, root)) }
}
const opened = (account: Account, root = right): RedundantEvent => ({ event: 'opened', opened: opens(account, root) })
const time: RedundantEvent = { event: 'time' }

type Told = readonly (readonly [number, RedundantEvent])[]
const course = (told: Told, from: RedundantUnit = newRedundantUnit({ worker, order }, times, 0)): RedundantUnit =>
  told.reduce((unit, [nowMs, event]) => applyRedundant(sha256, unit, event, nowMs), from)
const all = (roots: readonly HashHex[], nodes = [worker, a, b]): Told => [
  ...nodes.map((node, i) => [10 + i, seals(node, roots[i])] as const),
  ...nodes.map((node, i) => [20 + i, opened(node, roots[i])] as const),
]
const accountsOf = (unit: RedundantUnit) => unit.list?.seals.map(({ account }) => account)

describe('a unit under redundancy', () => {
  it('settles where all say the same, and pays the doers', () => {
    const unit = course(all([right, right, right]))
    expect(unit.outcome).toEqual({ outcome: 'compared', paid: [a, b], challengers: [], silent: [] })
    expect(redundantRequests(unit)).toEqual({ toDo: [], toOpen: [] })
  })

  it('has all doers of another result challenge a lying worker: one of them may be its friend', () => {
    expect(course(all([wrong, right, right])).outcome).toMatchObject({ paid: [], challengers: [a, b] })
  })

  it('has a lying doer challenge, or go without pay', () => {
    expect(course(all([right, wrong, right])).outcome).toMatchObject({ paid: [b], challengers: [a] })
  })

  it('asks nobody to open before all have sealed, and the worker first', () => {
    const told = all([right, right, right])
    expect(redundantRequests(course(told.slice(0, 2)))).toEqual({ toDo: [b], toOpen: [] })
    expect(redundantRequests(course(told.slice(0, 3)))).toEqual({ toDo: [], toOpen: [worker] })
    expect(redundantRequests(course(told.slice(0, 4)))).toEqual({ toDo: [], toOpen: [a, b] })
    // A doer that opens before the worker is not heard: the worker could still be silent.
    const early = course([...told.slice(0, 3), [20, opened(a)]])
    expect(early.list?.seals.some(seal => seal.opened)).toBe(false)
  })

  it('asks a substitute for a silent doer, and goes on without when its time is over too', () => {
    const sealed: Told = [
      [10, seals(worker)],
      [11, seals(a)],
    ]
    const asked = course([...sealed, [1_000, time]])
    expect(redundantRequests(asked).toDo).toEqual([b, c])
    const done = course([[1_500, seals(c)]], asked)
    expect(accountsOf(done)).toEqual([worker, a, c])
    expect(course([[2_000, time]], asked).list?.seals.map(({ account }) => account)).toEqual([worker, a])
    const short = course(
      [
        [2_000, time],
        [2_001, opened(worker)],
        [2_002, opened(a)],
      ],
      asked,
    )
    expect(short.outcome).toEqual({ outcome: 'compared', paid: [a], challengers: [], silent: [b, c] })
  })

  it('closes the list when two times are over, whoever was asked late', () => {
    const unit = course([
      [10, seals(worker)],
      [11, seals(a)],
      [1_500, time],
    ])
    expect(redundantRequests(unit).toDo).toEqual([b, c])
    expect(course([[1_999, time]], unit).list).toBeUndefined()
    expect(accountsOf(course([[2_000, time]], unit))).toEqual([worker, a])
  })

  it('hears no node that was not asked, and takes as many doers as it asks for, the first', () => {
    expect(course([[10, seals(c)]]).seals).toEqual([])
    const late: Told = [[1_000, time], ...[c, b, a, worker].map((node, i) => [1_001 + i, seals(node)] as const)]
    expect(accountsOf(course(late))).toEqual([worker, c, b])
  })

  it('counts who does not open as silent, once its time is over', () => {
    const told = all([right, right, right]).slice(0, 5)
    expect(course([...told, [119, time]]).outcome).toBeUndefined()
    expect(course([...told, [120, time]]).outcome).toMatchObject({ paid: [a], silent: [b] })
  })

  it('does not take a copied seal, a seal after the list, or an opening to another result', () => {
    const copied = { ...seals(a), account: b } as RedundantEvent
    const [first, second] = all([right, right, right])
    const nodes: Told = [
      [20, opened(worker)],
      [21, opened(a)],
      [22, { event: 'opened', opened: { ...opens(a), account: b } }],
      [23, { event: 'opened', opened: opens(b) }],
      [200, time],
    ]
    // Also where the copy came first: it hinders nobody.
    for (const told of [
      [first!, second!, [12, copied] as const],
      [first!, [11, copied] as const, [12, seals(a)] as const],
    ])
      expect(course([...told, ...nodes]).outcome).toMatchObject({ paid: [a], silent: [b] })
    const told = all([right, wrong, right])
    const closed = course([told[0]!, told[1]!, [2_000, time]])
    expect(course([[2_001, seals(b)]], closed)).toEqual(closed)
    // The doer has seen the worker's result by now, and would have it for its own.
    const changed = course([...told.slice(0, 4), [30, opened(a, right)], [31, opened(b)], [200, time]])
    expect(changed.outcome).toMatchObject({ paid: [b], challengers: [], silent: [a] })
  })

  it('keeps the doers’ seals shut for the next worker where one does not open', () => {
    const silent = course([...all([right, right, right]).slice(0, 3), [112, opened(worker)]])
    expect(silent.outcome).toEqual({ outcome: 'worker-silent' })
    const leased: RedundantEvent = { event: 'leased', worker: next!, order }
    const open = course(all([right, right, right]).slice(0, 4))
    expect(course([[30, leased]], open)).toEqual(open)
    const again = course([[300, leased]], silent)
    expect(again.seals.map(({ account }) => account)).toEqual([a, b])
    const nodes = [next!, a, b]
    const told: Told = [[310, seals(next!)], ...nodes.map((node, i) => [311 + i, opened(node)] as const)]
    expect(course(told, again).outcome).toMatchObject({ paid: [a, b] })
    // A doer of the new worker's owner leaves, and its substitute is asked.
    const moved = course([[300, { ...leased, order: { doers: [b, c], substitutes: [d] } }]], silent)
    expect(redundantRequests(moved).toDo).toEqual([c])
    expect(moved.seals.map(({ account }) => account)).toEqual([b])
  })

  it('is the same after a coordinator has died at any place, and gone on from what it had stored or read all events again', () => {
    const told: Told = [...all([wrong, right, right]), [500, time]]
    const whole = course(told)
    for (let died = 0; died <= told.length; died++) {
      const restarted = JSON.parse(JSON.stringify(course(told.slice(0, died)), saltAsList), listAsSalt)
      expect(course(told.slice(died), restarted)).toEqual(whole)
      expect(course(told, course(told.slice(0, died))).outcome).toEqual(whole.outcome)
    }
  })
})

const saltAsList = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? { salt: [...value] } : value)
const listAsSalt = (key: string, value: { salt?: number[] }): unknown =>
  key === 'salt' && Array.isArray(value.salt) ? Uint8Array.from(value.salt) : value

describe('refusesList', () => {
  const sealOf = (account: Account) => ({ account, seal: sealRoot(sha256, opens(account)) })
  const lease = { worker, order }
  const [w, x, y, z] = [worker, a, b, c].map(sealOf) as [ReturnType<typeof sealOf>, ...ReturnType<typeof sealOf>[]] &
    ReturnType<typeof sealOf>[]

  it('lets a node open under a list that has its seal, and others of drawn nodes', () => {
    for (const own of [w!, x!, y!]) expect(refusesList([w!, x!, y!], own, lease)).toBeUndefined()
    expect(refusesList([w!, x!], x!, lease)).toBeUndefined()
  })

  it.each([
    ['no seal of this node', [w!, y!]],
    ['no seal of this node', [w!, { ...x!, seal: z!.seal }]],
    ['more nodes than the unit asks for', [w!, x!, y!, z!]],
    ['somebody else than the worker at its head', [x!, w!]],
    ['a node that was not drawn', [w!, x!, sealOf(next!)]],
    ['an account twice', [w!, x!, { ...x!, seal: z!.seal }]],
  ])('refuses %s', (why, list) => {
    expect(refusesList(list, x!, lease)).toBe(why)
  })
})
