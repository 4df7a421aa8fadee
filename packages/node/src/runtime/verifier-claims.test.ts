import { claimHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { type Anchor, type JobId, NO_HASH, type ProvableJob, type UnitClaim } from '@cairn/protocol'
import { describe, expect, it } from 'vitest'
import { beganRight, claimedUnit, type LinkDocument } from './verifier-claims.ts'

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

describe('what a link claims', () => {
  const works = leaving.map((claim, index) => ({ index, claim: claimHash(claim) })).reverse()
  const claims = leaving.toReversed()
  const linked = { ...anchor, works } as unknown as Anchor
  const units = leaving.map((claim, replica) => ({
    commitment: { unit: { ...unitOf(1), replica }, ...claim },
    ...{ worker: `worker ${replica}`, custody: [{ peer: `keeper of ${replica}` }] },
  }))
  const document = { units } as unknown as LinkDocument

  it('is found by the index of the work, whether anybody says who has the states or not', () => {
    const about = { position: 0, unit: unitOf(1), claim: leaving[1], claimHash: works[0]?.claim }
    expect(claimedUnit(linked, { claims, replicas: 2 }, 1)).toEqual({ ...about, holders: [] })
    const holders = ['worker 1', 'keeper of 1']
    expect(claimedUnit(linked, { claims, document, replicas: 2 }, 1)).toEqual({ ...about, holders })
    expect(claimedUnit(linked, { claims, document, replicas: 2 }, 2)).toBeUndefined()
  })

  it('is an evaluation after the replicas', () => {
    const unit = { ...unitOf(1, 'evaluate'), replica: 0 }
    const found = claimedUnit(linked, { claims, document: { units: [] }, replicas: 1 }, 1)
    expect(found).toMatchObject({ unit, position: 0, holders: [] })
  })
})
