import type { HashHex } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import type { Account } from '../settlement/terms.ts'
import type { Audit } from '../settlement/works.ts'
import {
  auditOf,
  closedEvent,
  finalisedEvent,
  linkEvent,
  refutedEvents,
  rewoundEvent,
} from '../testing/audit-events.ts'
import { accountOf } from '../testing/audit-network.ts'
import type { JobId } from '../units.ts'
import {
  type AuditHistory,
  applyHistory,
  auditRate,
  type HistoryEvent,
  newHistory,
  PROBATION_UNITS,
  unsettledOf,
} from './record.ts'

const job = '0b'.repeat(32) as JobId
const head = '01'.repeat(32) as HashHex
const [worker, other, verifier, second] = [1, 2, 3, 4].map(accountOf) as [Account, Account, Account, Account]
const after = (...events: HistoryEvent[]): AuditHistory =>
  events.reduce((history, event) => applyHistory(history, event, () => 2), newHistory)
const anchored = (round: number, workers: Account[], audits: Audit[] = [], of = job): HistoryEvent =>
  linkEvent('Anchored', { job: of, round, head, works: workers.map(one => ({ worker: one, custodians: [] })), audits })
const both = (round: number, index = 0): Audit[] => [verifier, second].map(one => auditOf(one, { round, index }))

/** A worker with that many clean audits. */
const trusted = (clean: number): HistoryEvent[] =>
  Array.from({ length: clean + 1 }, (_, round) => anchored(round, [worker], round === 0 ? [] : both(round - 1)))

describe('auditRate', () => {
  it('is one until ten audits were clean', () => {
    expect([undefined, { clean: 0 }, { clean: 9 }].map(record => auditRate(record, 50_000))).toEqual(
      Array(3).fill(1_000_000),
    )
  })

  it('then halves what lies above the floor, and never falls below it', () => {
    const rates = [10, 11, 12, 13].map(clean => auditRate({ clean }, 100_000))
    expect(rates).toEqual([550_000, 325_000, 212_500, 156_250])
    expect([30, 45, 1_000_000].map(clean => auditRate({ clean }, 100_000))).toEqual(Array(3).fill(100_000))
  })
})

describe('applyHistory', () => {
  it('counts a unit once, when as many verifiers have attested as the terms ask for', () => {
    const [one] = both(0)
    expect(after(anchored(0, [worker]), anchored(1, [worker], [one!])).records.get(worker)).toBeUndefined()
    const twice = after(anchored(0, [worker]), anchored(1, [worker], [one!, one!]))
    expect(twice.records.get(worker)).toBeUndefined()
    const done = after(anchored(0, [worker]), anchored(1, [worker], both(0)), anchored(2, [worker], both(0)))
    expect(done.records.get(worker)).toEqual({ clean: 1 })
  })

  it('counts for the worker of the unit, also after it is final', () => {
    const found = after(anchored(0, [worker, other]), finalisedEvent(job, 0), anchored(1, [], both(0, 1)))
    expect([...found.records]).toEqual([[other, { clean: 1 }]])
  })

  it('forgets trust when a claim is refuted, whichever it was', () => {
    expect(after(...trusted(12)).records.get(worker)).toEqual({ clean: 12 })
    const fallen = after(...trusted(12), ...refutedEvents(job, 3, 0, worker, 5))
    expect(fallen.records.get(worker)).toEqual({ clean: 0 })
    expect(auditRate(fallen.records.get(worker), 1)).toBe(1_000_000)
  })

  it('holds a challenge that was lost against nobody', () => {
    const [opened, ended] = refutedEvents(job, 3, 0, worker, 5) as [HistoryEvent, HistoryEvent]
    const defended = { event: 'GameEnded', args: { game: 5, outcome: 3 } } as const
    expect(after(...trusted(12), opened, defended, ended).records.get(worker)).toEqual({ clean: 12 })
  })

  it('takes nothing from units of a round that was rewound', () => {
    const late = after(anchored(0, [worker]), anchored(1, [worker]), rewoundEvent(job, 0), anchored(0, [other], []))
    expect(unsettledOf(late, worker)).toEqual([])
    expect(unsettledOf(late, other)).toEqual([{ job, round: 0, index: 0 }])
  })

  it('forgets the units of a closed job', () => {
    const another = '0c'.repeat(32) as JobId
    const rest = after(anchored(0, [worker]), anchored(0, [worker], [], another), closedEvent(job))
    expect([...rest.units.values()].map(unit => unit.job)).toEqual([another])
  })
})

describe('attestations that nobody made', () => {
  const floor = 100_000

  it('count for nothing where they are of who did the unit or holds it: nobody can have drawn these', () => {
    const works = [{ worker, custodians: [second] }]
    const kept = linkEvent('Anchored', { job, round: 0, head, works, audits: [] })
    const by = (...verifiers: Account[]) => verifiers.map(one => auditOf(one, { round: 0, index: 0 }))
    const cleanWith = (...verifiers: Account[]) =>
      after(kept, anchored(1, [], by(...verifiers))).records.get(worker)?.clean
    expect([cleanWith(worker, verifier), cleanWith(second, verifier)]).toEqual([undefined, undefined])
    expect(cleanWith(worker, second, verifier, other)).toBe(1)
  })

  it('end the probation of a worker early, and never take it below the floor that bonds are made for', () => {
    const invented = after(...trusted(PROBATION_UNITS + 40)).records.get(worker)
    expect(auditRate(invented, floor)).toBe(floor)
  })

  it('are worth nothing after a refuted claim', () => {
    const fallen = after(...trusted(PROBATION_UNITS + 40), ...refutedEvents(job, 3, 0, worker, 5))
    expect(auditRate(fallen.records.get(worker), floor)).toBe(1_000_000)
  })
})

describe('unsettledOf', () => {
  it('lists all that a worker still answers for, over all jobs', () => {
    const another = '0c'.repeat(32) as JobId
    const events = [anchored(0, [worker, other]), anchored(1, [other, worker]), anchored(0, [worker], [], another)]
    const found = after(...events, finalisedEvent(job, 0))
    expect(unsettledOf(found, worker)).toEqual([
      { job, round: 1, index: 1 },
      { job: another, round: 0, index: 0 },
    ])
  })
})
