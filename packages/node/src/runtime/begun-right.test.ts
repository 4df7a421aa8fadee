import { claimHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { type JobId, NO_HASH, type ProvableJob, type SaltedCommitment, trainedClaim } from '@cairn/protocol'
import { describe, expect, it } from 'vitest'
import { outerStartProblem, unitStartProblem } from './begun-right.ts'

const root = (digit: string) => digit.repeat(64) as HashHex
const [INITIAL, FRESH, LEFT, OTHER] = [root('1'), root('2'), root('3'), root('4')]
const provable: ProvableJob = {
  ...{ programRoot: NO_HASH, programLeaves: 1, dataRoot: NO_HASH, initialRoot: INITIAL, freshReplicaRoot: FRESH },
  ...{ isReplicaKept: true, seed: 1, innerSteps: 2, checkpoints: 1, evaluationBatches: 1 },
}
const job = NO_HASH as string as JobId
const before: SaltedCommitment = {
  unit: { job, round: 0, replica: 0, kind: 'train' },
  ...{ globalRoot: INITIAL, replicaRoot: FRESH, updateRoot: root('5'), newReplicaRoot: LEFT, checkpointRoots: [] },
  ...{ lossBits: 0, stepsRoot: NO_HASH, saltHash: NO_HASH },
}
const claims = [claimHash(trainedClaim(before)), root('6')]
const unitOf = (round: number, replica = 0) => ({ job, round, replica, kind: 'train' as const })

describe('a worker signs a unit', () => {
  const first = { unit: unitOf(0), globalRoot: INITIAL, claims: [] }
  const next = { unit: unitOf(1), globalRoot: OTHER, replicaRoot: LEFT, claims, before }

  it('that begins where its job or the round before has left it', () => {
    for (const right of [first, { ...first, replicaRoot: FRESH }, next])
      expect(unitStartProblem(right, provable)).toBeUndefined()
    const reset = { ...provable, isReplicaKept: false }
    const { replicaRoot: _, before: __, ...anew } = next
    for (const right of [anew, { ...anew, replicaRoot: FRESH }]) expect(unitStartProblem(right, reset)).toBeUndefined()
  })

  it.each([
    ['from another state than the job', { ...first, globalRoot: OTHER }, provable],
    ['from a replica state that there is not yet', { ...first, replicaRoot: OTHER }, provable],
    ['from a fresh replica where one was left', { unit: unitOf(1), globalRoot: OTHER, claims, before }, provable],
    ['from another replica state', { ...next, replicaRoot: OTHER }, provable],
    ['from what is claimed of another replica', { ...next, unit: unitOf(1, 1) }, provable],
    [
      'from what nobody claimed',
      { ...next, before: { ...before, newReplicaRoot: OTHER }, replicaRoot: OTHER },
      provable,
    ],
    ['from a replica that does not outlast its round', next, { ...provable, isReplicaKept: false }],
  ])('never %s', (_, begun, of) => {
    expect(unitStartProblem(begun, of)).toMatch(/the unit is to begin/)
  })
})

it('a worker signs no outer step of the first round that begins from another state than the job', () => {
  expect(outerStartProblem({ round: 0, startRoot: INITIAL }, provable)).toBeUndefined()
  expect(outerStartProblem({ round: 1, startRoot: OTHER }, provable)).toBeUndefined()
  expect(outerStartProblem({ round: 0, startRoot: OTHER }, provable)).toMatch(/another state than the job/)
})
