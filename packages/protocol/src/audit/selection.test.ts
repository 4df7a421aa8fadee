import { encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import type { JobId } from '../units.ts'
import { type Beacon, roundBeacon } from './beacon.ts'
import { drawBelow, drawOwners, type StakedNode } from './draw.ts'
import { segmentOf } from './segment.ts'
import { type AuditableUnit, type AuditPolicy, auditAll, selectAudits } from './selection.ts'

const digest = (text: string): HashHex => hashToHex(sha256(encodeUtf8(text)))
const beaconOf = (text: string) => digest(text) as string as Beacon
const job = digest('job') as string as JobId
const anchored = { chainId: 31_337, job, round: 4, head: digest('head'), blockHash: digest('block') }
const worker = accountOf(1)
const policy: AuditPolicy = { policy: 'audit', rate: 100_000, verifiers: 2, checkpoints: 5 }
const node = (number: number, owner = number, stake = 100n): StakedNode => {
  return { account: accountOf(number), owner: accountOf(owner), stake }
}
const verifiers = Array.from({ length: 9 }, (_, i) => node(100 + i))
const unit = (index: number, changes: Partial<AuditableUnit> = {}): AuditableUnit => {
  return { job, round: 4, index, kind: 'train', worker, owner: worker, custodianOwners: [], ...changes }
}
const units = Array.from({ length: 200 }, (_, index) => unit(index))
const trusted = new Map([[worker, { clean: 100 }]])
const beacon = beaconOf('beacon')
const selection = { beacon, policy, verifiers }

describe('roundBeacon', () => {
  it('changes with everything that it is made of', () => {
    const others = [{ chainId: 1 }, { job: digest('x') as string as JobId }, { round: 5 }]
    const roots = [{ head: digest('x') }, { blockHash: digest('x') }]
    const beacons = [{}, ...others, ...roots].map(change => roundBeacon(sha256, { ...anchored, ...change }))
    expect(new Set(beacons).size).toBe(6)
  })
})

describe('draws', () => {
  it('reach every number below the bound about equally often', () => {
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 7_000; i++) counts[Number(drawBelow(sha256, beacon, [i], 7n))]!++
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(4 * Math.sqrt((7_000 * 6) / 49))
  })

  it('stay below bounds that no number holds', () => {
    const bound = 2n ** 200n + 1n
    const drawn = [...'abcdef'].map(label => drawBelow(sha256, beacon, [label], bound))
    expect(drawn.every(value => value >= 0n && value < bound)).toBe(true)
    expect(drawn.some(value => value > 2n ** 190n)).toBe(true)
  })

  it('name an owner once, whatever the number of its accounts', () => {
    const crowd = Array.from({ length: 40 }, (_, i) => node(200 + i, 7, 1n))
    const drawn = drawOwners(sha256, beacon, ['x'], [...crowd, ...verifiers], [], 20)
    expect(drawn.length).toBe(10)
    expect(drawn.filter(account => crowd.some(one => one.account === account)).length).toBe(1)
  })

  it('follow stake, not accounts', () => {
    // One owner with 20 % of the stake in 40 accounts, and nine with the rest.
    const crowd = Array.from({ length: 40 }, (_, i) => node(200 + i, 7, 5n))
    const others = Array.from({ length: 8 }, (_, i) => node(100 + i))
    const firsts = Array.from({ length: 1_000 }, (_, i) =>
      drawOwners(sha256, beacon, [i], [...crowd, ...others], [], 1),
    )
    const share = firsts.filter(([account]) => crowd.some(one => one.account === account)).length / 1_000
    expect(Math.abs(share - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 1_000))
  })

  it('leave out whoever has no stake, and do not depend on the order of the registry', () => {
    const broke = node(99, 99, 0n)
    const drawn = drawOwners(sha256, beacon, ['x'], [broke, ...verifiers], [], 20)
    expect(drawn).not.toContain(broke.account)
    expect(drawOwners(sha256, beacon, ['x'], [...verifiers].reverse(), [], 20)).toEqual(drawn)
  })
})

describe('selectAudits', () => {
  it('audits every unit of a worker that nobody knows, and says why', () => {
    const orders = selectAudits(sha256, selection, units, new Map())
    expect(orders.map(({ index }) => index)).toEqual(units.map(({ index }) => index))
    expect(orders[0]?.reason).toContain('0 clean audits')
  })

  it('audits a trusted worker at the floor, every segment alike', () => {
    const orders = Array.from({ length: 10 }, (_, i) => beaconOf(`${i}`)).flatMap(one =>
      selectAudits(sha256, { ...selection, beacon: one }, units, trusted),
    )
    expect(Math.abs(orders.length - 200)).toBeLessThan(4 * Math.sqrt(2_000 * 0.1 * 0.9))
    for (let segment = 0; segment < 5; segment++) {
      const count = orders.filter(order => order.segment === segment).length
      expect(Math.abs(count - orders.length / 5)).toBeLessThan(4 * Math.sqrt(orders.length * 0.16))
    }
  })

  it('audits everything at a rate of one million, whatever the record', () => {
    const all = { ...selection, policy: { ...policy, rate: 1_000_000 } }
    expect(selectAudits(sha256, all, units, trusted).length).toBe(units.length)
  })

  it('stays at the floor under redundancy, where every unit is compared anyway', () => {
    const redundant = { ...selection, policy: { ...policy, policy: 'redundancy' } as const }
    const orders = selectAudits(sha256, redundant, units, new Map())
    expect(Math.abs(orders.length - 20)).toBeLessThan(4 * Math.sqrt(200 * 0.1 * 0.9))
    for (const {
      verifiers: [...asked],
      substitutes,
    } of orders)
      expect([asked.length, substitutes.length]).toEqual([1, 4])
  })

  it('takes every evaluation under redundancy, which nobody did beside its worker', () => {
    const redundant = { ...selection, policy: { ...policy, policy: 'redundancy' } as const }
    const evaluations = units.map(one => ({ ...one, kind: 'evaluate' as const }))
    const orders = selectAudits(sha256, redundant, evaluations, trusted)
    expect(orders.length).toBe(units.length)
    for (const order of orders) expect(order).toMatchObject({ segment: 0, reason: expect.stringMatching(/every eval/) })
  })

  it('asks no node of the worker’s owner or of a custodian’s', () => {
    const [first, second, third] = verifiers as [StakedNode, StakedNode, StakedNode]
    const kept = units.map(one => ({ ...one, owner: first.owner, custodianOwners: [second.owner, third.owner] }))
    for (const order of selectAudits(sha256, selection, kept, new Map())) {
      const named = [...order.verifiers, ...order.substitutes]
      expect(new Set(named).size).toBe(6)
      for (const barred of [first, second, third]) expect(named).not.toContain(barred.account)
      expect(order.verifiers.length).toBe(2)
    }
  })

  it('says what is missing when the registry has too few verifiers', () => {
    const few = { ...selection, verifiers: verifiers.slice(0, 1) }
    const [order] = selectAudits(sha256, few, units.slice(0, 1), new Map())
    expect(order).toMatchObject({ verifiers: [verifiers[0]?.account], substitutes: [] })
    expect(order?.shortage).toContain('needs 2 verifiers')
    const [none] = selectAudits(sha256, { ...selection, verifiers: [] }, units.slice(0, 1), new Map())
    expect(none?.shortage).toContain('has 0')
  })

  it('gives an evaluation its only segment', () => {
    const evaluations = units.map(one => ({ ...one, kind: 'evaluate' }) as const)
    expect(selectAudits(sha256, selection, evaluations, new Map()).every(({ segment }) => segment === 0)).toBe(true)
  })
})

describe('auditAll', () => {
  it('audits each unit that it is given', () => {
    const orders = auditAll(sha256, selection, units)
    expect(orders.length).toBe(units.length)
    expect(orders[0]?.reason).toContain('refuted')
  })
})

describe('segmentOf', () => {
  it('cuts a unit’s steps at its checkpoints', () => {
    const cut = Array.from({ length: 5 }, (_, i) => segmentOf({ steps: 7, segments: 5 }, i))
    expect(cut.map(({ firstStep, steps }) => [firstStep, steps])).toEqual([
      [0, 1],
      [1, 1],
      [2, 2],
      [4, 1],
      [5, 2],
    ])
    expect(cut.map(({ isLast }) => isLast)).toEqual([false, false, false, false, true])
  })
})
