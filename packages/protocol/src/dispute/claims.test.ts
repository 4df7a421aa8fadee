import { type HashHex, sha256 } from '@cairn/primitives'
import { expect, it } from 'vitest'
import type { JobId } from '../units.ts'
import {
  evaluationSubject,
  impossibleParts,
  isImpossiblePart,
  lossRoot,
  outerSubject,
  type ProgramContents,
  type ProvableJob,
  trainingSubject,
  type UnitClaim,
} from './claims.ts'
import { DIVERGED, GRAPHS } from './subject.ts'

const root = (digit: string) => digit.repeat(64) as HashHex

const job: ProvableJob = {
  programRoot: root('1'),
  programLeaves: 100,
  dataRoot: root('2'),
  initialRoot: root('3'),
  freshReplicaRoot: root('4'),
  isReplicaKept: true,
  seed: 7,
  innerSteps: 10,
  checkpoints: 3,
  evaluationBatches: 2,
}
const place = { firstOperator: 2, operators: 9, targets: [{ firstSlot: 11, slots: 3 }] }
const update = { ...place, targets: [place.targets[0]!, place.targets[0]!, place.targets[0]!] }
const contents = Object.fromEntries(
  GRAPHS.map(graph => [graph, graph === 'update' ? update : place]),
) as unknown as ProgramContents
const claim: UnitClaim = {
  globalRoot: root('3'),
  replicaRoot: root('4'),
  updateRoot: root('5'),
  newReplicaRoot: root('6'),
  checkpointRoots: [root('a'), root('b'), root('c')],
  lossBits: 0,
  stepsRoot: root('7'),
  saltHash: root('8'),
}
const at = { job: root('9') as string as JobId, round: 2, replica: 1 }
const part = (n: number, changed: Partial<UnitClaim> = {}) =>
  trainingSubject(sha256, job, contents, at, { ...claim, ...changed }, n)

it('has no part after what a unit leaves behind, unless the claim is impossible whatever is charged', () => {
  expect(() => part(4)).toThrow('no such part')
  const short = { checkpointRoots: [root('a')] }
  expect(() => part(4, short)).not.toThrow()
  expect(isImpossiblePart(job, { ...claim, ...short }, 99)).toBe(true)
  expect(isImpossiblePart(job, claim, 99)).toBe(false)
})

it('cuts a unit into the steps between its checkpoints, and what it leaves behind', () => {
  expect(part(0)).toMatchObject({ graph: 'inner', firstStep: 20, runs: 3, targets: [{ root: root('a') }] })
  expect(part(0).previous).toBeUndefined()
  expect(part(1)).toMatchObject({ graph: 'inner', firstStep: 23, runs: 3, previous: root('a') })
  expect(part(2)).toMatchObject({ graph: 'inner', firstStep: 26, runs: 4, targets: [{ root: root('c') }] })
  expect(part(3)).toMatchObject({ graph: 'update', runs: 1, previous: root('c') })
  expect(
    part(3)
      .targets.map(target => target.root)
      .slice(0, 2),
  ).toEqual([root('5'), root('6')])
})

it('has no part after a run that left the domain', () => {
  const diverged = { checkpointRoots: [root('a'), DIVERGED, DIVERGED], updateRoot: DIVERGED, newReplicaRoot: DIVERGED }
  expect(part(1, diverged)).toMatchObject({ targets: [{ root: DIVERGED }] })
  for (const n of [2, 3]) expect(() => part(n, diverged)).toThrow(expect.objectContaining({ code: 'dispute.part' }))
})

it('names the parts of which a claim says what cannot be', () => {
  const parts = (changed: Partial<UnitClaim>) => impossibleParts(job, { ...claim, ...changed })
  const update = { updateRoot: DIVERGED, newReplicaRoot: DIVERGED, lossBits: 0 }
  const diverged = { checkpointRoots: [root('a'), DIVERGED, DIVERGED], ...update }
  expect(parts({})).toEqual([])
  expect(parts(diverged)).toEqual([])
  expect(parts(update)).toEqual([])
  expect(part(3, update).targets.map(target => target.root)).toEqual([DIVERGED, DIVERGED, DIVERGED])
  for (const wrong of [{ updateRoot: root('5') }, { newReplicaRoot: root('6') }, { lossBits: 1 }])
    expect(parts({ ...update, ...wrong })).toEqual([3])
  expect(parts({ ...diverged, newReplicaRoot: root('6') })).toEqual([3])
  expect(parts({ checkpointRoots: [DIVERGED, root('b'), DIVERGED] })).toEqual([1, 3])
  for (const checkpointRoots of [[], [root('a'), root('b')], Array.from({ length: 4 }, () => root('a'))])
    expect(parts({ checkpointRoots })).toEqual([0, 1, 2, 3])
})

it('takes an evaluation with the update root of one that left the domain for that', () => {
  const end = (updateRoot: HashHex) => evaluationSubject(sha256, job, contents, at, { ...claim, updateRoot }).targets[0]
  expect(end(DIVERGED)?.root).toBe(DIVERGED)
  expect(end(root('0'))?.root).toBe(lossRoot(sha256, 'meanLoss', claim.lossBits))
})

it('takes an outer step to no root for one that left the domain, and has none where a unit did so before', () => {
  const ends = (newGlobalRoot: HashHex, ...updateRoots: HashHex[]) =>
    outerSubject(job, contents, at, { globalRoot: root('3'), updateRoots, newGlobalRoot }).targets.map(
      target => target.root,
    )
  expect(ends(root('d'), root('5'))).toEqual([root('d')])
  expect(ends(root('0'), root('5'))).toEqual([DIVERGED])
  expect(() => ends(root('0'), root('5'), DIVERGED)).toThrow(expect.objectContaining({ code: 'dispute.part' }))
})
