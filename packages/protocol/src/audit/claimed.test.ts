/** What is compared of a segment: by verifiers with what they computed, by coordinators with what was attested. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { lossRoot } from '../dispute/claims.ts'
import { DIVERGED_ROOT, type JobId, type SaltedCommitment } from '../units.ts'
import { type AuditedWork, claimedSegment, unitSegment } from './claimed.ts'

const root = (digit: string) => digit.repeat(64) as HashHex
const schedule = { innerSteps: 7, checkpoints: 3, evaluationBatches: 4 }
const [claim, stepsRoot, saltHash] = [root('c'), root('5'), root('6')]

const commitment: SaltedCommitment = {
  unit: { job: root('0') as string as JobId, round: 2, replica: 1, kind: 'train' },
  ...{ globalRoot: root('1'), replicaRoot: root('2'), updateRoot: root('3'), newReplicaRoot: root('4') },
  ...{ checkpointRoots: [root('a'), root('b'), root('d')], lossBits: 0x40490fdb, stepsRoot, saltHash },
}
const of = (segment: number, changes: Partial<SaltedCommitment> = {}) =>
  claimedSegment(sha256, { commitment: { ...commitment, ...changes }, claim, schedule, segment })

test('a segment ends with its checkpoint, the last one also with what the unit leaves behind', () => {
  expect(of(0)).toEqual({ claim, stepsRoot, saltHash, ends: [root('a')], unitSteps: 7 })
  expect(of(1).ends).toEqual([root('b')])
  const loss = lossRoot(sha256, 'unitLoss', 0x40490fdb)
  expect(of(2).ends).toEqual([root('d'), root('3'), root('4'), loss])
  expect([0, 1, 2].map(segment => unitSegment('train', schedule, segment))).toEqual([
    { firstStep: 0, steps: 2, isLast: false },
    { firstStep: 2, steps: 2, isLast: false },
    { firstStep: 4, steps: 3, isLast: true },
  ])
})

test('an evaluation has one segment, of all its batches, which ends with the mean loss', () => {
  const evaluation = { updateRoot: root('0'), lossBits: 0x3f800000, stepsRoot, saltHash }
  const work: AuditedWork = { evaluation, claim, schedule, segment: 0 }
  const ends = [lossRoot(sha256, 'meanLoss', 0x3f800000)]
  expect(claimedSegment(sha256, work)).toEqual({ claim, stepsRoot, saltHash, ends, unitSteps: 4 })
  expect(unitSegment('evaluate', schedule, 0)).toEqual({ firstStep: 0, steps: 4, isLast: true })
  const left = { ...evaluation, updateRoot: DIVERGED_ROOT, lossBits: 0 }
  expect(claimedSegment(sha256, { ...work, evaluation: left }).ends).toEqual([DIVERGED_ROOT])
})

test('a unit that left the domain is said to end so from there on', () => {
  const [updateRoot, newReplicaRoot] = [DIVERGED_ROOT, DIVERGED_ROOT]
  const left = { checkpointRoots: [root('a'), DIVERGED_ROOT, DIVERGED_ROOT], updateRoot, newReplicaRoot, lossBits: 0 }
  expect(of(0, left).ends).toEqual([root('a')])
  expect(of(1, left).ends).toEqual([DIVERGED_ROOT])
  const none = [DIVERGED_ROOT, DIVERGED_ROOT, DIVERGED_ROOT]
  expect(of(2, left).ends).toEqual([...none, lossRoot(sha256, 'unitLoss', 0)])
})
