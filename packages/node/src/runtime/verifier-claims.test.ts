import { claimHash, claimsHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { type Anchor, type JobId, NO_HASH, type ProvableJob, type RoundDocument, type UnitClaim } from '@cairn/protocol'
import { describe, expect, it } from 'vitest'
import { beganRight, claimedUnit, claimsOfHash } from './verifier-claims.ts'

const digest = (digits: string): HashHex => digits.repeat(32) as HashHex
const job = digest('0b') as string as JobId
const [initial, fresh, before, after, left] = ['01', '02', '03', '04', '05'].map(digest) as [HashHex, ...HashHex[]]
const rest = { updateRoot: NO_HASH, newReplicaRoot: NO_HASH, checkpointRoots: [], lossBits: 0 }
const hidden = { stepsRoot: NO_HASH, saltHash: NO_HASH }

const claimFrom = (globalRoot = NO_HASH, replicaRoot = NO_HASH): UnitClaim => {
  return { ...rest, ...hidden, globalRoot, replicaRoot }
}
const unitOf = (round: number, kind: 'train' | 'evaluate' = 'train') => ({ job, round, replica: 1, kind })
const provable = { initialRoot: initial, freshReplicaRoot: fresh, isReplicaKept: true } as ProvableJob
const anchor = { job, round: 1, previousRoot: before, globalRoot: after } as Anchor

/** A round in which replica 1 was left somewhere. */
const leaving = [claimFrom(), { ...claimFrom(), newReplicaRoot: left as HashHex }]

describe('where a unit began', () => {
  const began = (round: number, claim: UnitClaim, change: Partial<ProvableJob> = {}, kind?: 'evaluate') =>
    beganRight({ unit: unitOf(round, kind), claim }, anchor, { ...provable, ...change }, round > 0 ? leaving : [])

  it('is the job’s beginning in round 0, and after it the last global state and where its own replica was left', () => {
    expect(began(0, claimFrom(initial, fresh))).toBe(true)
    expect(began(0, claimFrom(before, fresh))).toBe(false)
    expect(began(0, claimFrom(initial, left))).toBe(false)
    expect(began(1, claimFrom(before, left))).toBe(true)
    expect(began(1, claimFrom(before, fresh))).toBe(false)
    expect(began(1, claimFrom(initial, left))).toBe(false)
  })

  it('is a fresh replica in every round where none is kept, and for an evaluation the round’s own state', () => {
    expect(began(1, claimFrom(before, fresh), { isReplicaKept: false })).toBe(true)
    expect(began(1, claimFrom(before, left), { isReplicaKept: false })).toBe(false)
    expect(began(1, claimFrom(after), {}, 'evaluate')).toBe(true)
    expect(began(1, claimFrom(before), {}, 'evaluate')).toBe(false)
  })
})

describe('what a round document says', () => {
  const units = leaving.map((claim, replica) => ({
    commitment: { unit: { ...unitOf(1), replica }, ...claim },
    custody: [],
  }))
  const document = { round: 1, units } as unknown as RoundDocument
  const works = leaving.map((claim, index) => ({ index, claim: claimHash(claim) })).reverse()

  it('counts where it claims what the link does', () => {
    const linked = { ...anchor, works } as unknown as Anchor
    expect(claimedUnit(linked, document, 1)).toMatchObject({ position: 0, unit: unitOf(1), claim: leaving[1] })
    const other = { ...anchor, works: works.map(work => ({ ...work, claim: digest('cc') })) } as unknown as Anchor
    expect(claimedUnit(other, document, 1)).toBeUndefined()
    expect(claimedUnit(linked, document, 2)).toBeUndefined()
    expect(claimsOfHash(document, claimsHash(leaving.map(claimHash)))).toEqual(leaving)
    expect(claimsOfHash(document, digest('cc'))).toBeUndefined()
  })
})
