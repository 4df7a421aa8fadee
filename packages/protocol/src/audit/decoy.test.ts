import { sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import type { JobId } from '../units.ts'
import type { Beacon } from './beacon.ts'
import { type AuditRequest, DECOY_RATE, plantedEnds, werePlanted } from './decoy.ts'

const secret = new Uint8Array(32).fill(5)
const request = (index: number): AuditRequest => ({
  beacon: 'be'.repeat(32) as Beacon,
  ...{ job: '0b'.repeat(32) as JobId, round: 2, index, segment: 1, verifier: accountOf(4) },
})
const ALWAYS = 1_000_000
const MANY = 2_000

describe('planted faults', () => {
  it('are in one request of twenty', () => {
    const planted = Array.from({ length: MANY }, (_, i) => plantedEnds(sha256, secret, request(i), 1)).filter(Boolean)
    const expected = (MANY * DECOY_RATE) / 1_000_000
    expect(Math.abs(planted.length - expected)).toBeLessThan(4 * Math.sqrt(expected * 0.95))
    expect(plantedEnds(sha256, secret, request(0), 1, 0)).toBeUndefined()
  })

  it('can be shown to be planted with the secret, and with no other', () => {
    const ends = plantedEnds(sha256, secret, request(0), 3, ALWAYS)!
    expect(new Set(ends).size).toBe(3)
    expect(werePlanted(sha256, secret, request(0), ends)).toBe(true)
    expect(werePlanted(sha256, new Uint8Array(32), request(0), ends)).toBe(false)
  })

  it('belong to one request: to its unit, its segment, its verifier', () => {
    const ends = plantedEnds(sha256, secret, request(0), 2, ALWAYS)!
    const others = [request(1), { ...request(0), segment: 2 }, { ...request(0), verifier: accountOf(5) }]
    for (const other of others) expect(werePlanted(sha256, secret, other, ends)).toBe(false)
  })

  it('are never what a worker claimed', () => {
    expect(werePlanted(sha256, secret, request(0), ['aa'.repeat(32) as never])).toBe(false)
    expect(werePlanted(sha256, secret, request(0), [])).toBe(false)
  })
})
