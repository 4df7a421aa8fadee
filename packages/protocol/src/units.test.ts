import { type HashHex, sha256, toHashHex } from '@cairn/primitives'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JobSpec } from './job-spec.ts'
import { checkpointSteps, evaluatesAfter, jobId, type Unit, unitId } from './units.ts'

const root = (digit: string): HashHex => toHashHex(digit.repeat(64))
const unit: Unit = { job: jobId(sha256, root('a'), root('b')), round: 1, replica: 2, kind: 'train' }

it('gives different units different identities', () => {
  const others: Unit[] = [
    { ...unit, job: jobId(sha256, root('b'), root('a')) },
    { ...unit, round: 2, replica: 1 },
    { ...unit, round: 2 },
    { ...unit, kind: 'evaluate' },
  ]
  const identities = [unit, ...others].map(one => unitId(sha256, one))
  expect(new Set(identities).size).toBe(identities.length)
  expect(unitId(sha256, { ...unit })).toBe(identities[0])
})

it('keeps the identities of cairn/v1', () => {
  expect(unit.job).toBe('797d34edd5c4854b2e4641e7b27f6982d2e466a95a7336c96b2f463ad0dc2c2c')
  expect(unitId(sha256, unit)).toBe('4729ec79e9cefee953d6b3c73aa17ed2124a37711e620add8ec46170a9f16a70')
})

it('spreads checkpoints over a unit and ends with its end', () => {
  const schedule = { innerSteps: 22, checkpoints: 5 } as JobSpec['schedule']
  expect(checkpointSteps(schedule)).toEqual([4, 8, 13, 17, 22])
  const counts = fc
    .integer({ min: 1, max: 500 })
    .chain(steps => fc.tuple(fc.constant(steps), fc.integer({ min: 1, max: steps })))
  fc.assert(
    fc.property(counts, ([innerSteps, checkpoints]) => {
      const steps = checkpointSteps({ ...schedule, innerSteps, checkpoints })
      const gaps = steps.map((step, i) => step - (steps[i - 1] ?? 0))
      expect(steps.at(-1)).toBe(innerSteps)
      expect(steps).toHaveLength(checkpoints)
      expect(Math.min(...gaps)).toBeGreaterThan(0)
      expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1)
    }),
  )
})

it('evaluates at regular rounds and at the end', () => {
  const spec = { schedule: { rounds: 7 }, evaluation: { everyRounds: 3 } } as JobSpec
  expect([0, 1, 2, 3, 4, 5, 6].filter(round => evaluatesAfter(spec, round))).toEqual([2, 5, 6])
})
