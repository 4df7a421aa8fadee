import { encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import type { JobId } from '../units.ts'
import type { Beacon } from './beacon.ts'
import { drawDoers, orderDoers, resultRoot } from './doers.ts'

const digest = (text: string): HashHex => hashToHex(sha256(encodeUtf8(text)))
const job = digest('job') as string as JobId
const beacon = digest('beacon') as string as Beacon
const nodes = Array.from({ length: 9 }, (_, i) => {
  return { account: accountOf(100 + i), owner: accountOf(i < 2 ? 200 : 200 + i), stake: 100n }
})
const ordered = (index: number, owner: number, wanted = 2) => {
  return orderDoers(drawDoers(sha256, beacon, { job, round: 4, index }, nodes, wanted), accountOf(owner), wanted)
}

describe('orderDoers', () => {
  it('names doers and substitutes of different owners, others for another unit', () => {
    const { doers, substitutes, shortage } = ordered(1, 999)
    const owners = [...doers, ...substitutes].map(one => nodes.find(({ account }) => account === one)?.owner)
    expect([doers.length, substitutes.length, new Set(owners).size, shortage]).toEqual([2, 4, 6, undefined])
    expect(ordered(2, 999).doers).not.toEqual(doers)
  })

  it('never names the worker’s owner, and whoever leases units moves a draw by one place at most', () => {
    const { doers, substitutes } = ordered(1, 999)
    const all = [...doers, ...substitutes]
    for (const [i, { owner }] of nodes.entries()) {
      const other = ordered(1, 200 + (i < 2 ? 0 : i))
      const rest = all.filter(one => nodes.find(({ account }) => account === one)?.owner !== owner)
      const found = [...other.doers, ...other.substitutes]
      expect(found.slice(0, rest.length)).toEqual(rest)
      expect(found.length).toBe(6)
    }
  })

  it('says where too few are there', () => {
    const order = ordered(1, 200, 9)
    expect([order.doers.length, order.substitutes]).toEqual([7, []])
    expect(order.shortage).toContain('the registry has 7')
  })
})

describe('resultRoot', () => {
  it('changes with the unit and with every end', () => {
    const unit = { job, round: 4, replica: 1, kind: 'train' } as const
    const ends = [digest('a'), digest('b')]
    const others = [
      { job: digest('x') as string as JobId },
      { round: 5 },
      { replica: 0 },
      { kind: 'evaluate' } as const,
    ]
    const roots = [...others, {}].map(change => resultRoot(sha256, { ...unit, ...change }, ends))
    const ended = [[ends[0]!], [...ends].reverse()].map(some => resultRoot(sha256, unit, some))
    expect(new Set([...roots, ...ended]).size).toBe(7)
  })
})
