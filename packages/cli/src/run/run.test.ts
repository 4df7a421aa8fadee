import { parseJobSpec } from '@cairn/protocol'
import { describe, expect, test } from 'vitest'
import { commandName } from '../screen/command-name.ts'
import { isBefore, parseMetrics } from './metrics.ts'
import { tokensPerStep, trackProgress } from './progress.ts'
import { chanceToMiss, drawUnits } from './verify-receipt.ts'

const SPEC = parseJobSpec({
  apiVersion: 'cairn/v1',
  name: 'spec',
  seed: 1,
  model: { kind: 'gpt', layers: 1, heads: 1, width: 8, context: 16 },
  data: { kind: 'text', source: 'x' },
  optimiser: { learningRate: 0.1 },
  schedule: { replicas: 3, innerSteps: 10, rounds: 4, batch: 2 },
})

describe('progress', () => {
  test('counts steps, speed and time left from where the run goes on', () => {
    const tracker = trackProgress(SPEC, 0)
    tracker.resume({ round: 1, units: 2, step: 5 })
    const first = tracker.step(3, 1000)
    expect(first).toMatchObject({ stepsDone: 56, steps: 120, losses: [3] })
    expect(first.tokensPerSecond).toBe(tokensPerStep(SPEC))
    expect(first.msLeft).toBe(64_000)
  })

  test('forgets how slow the machine was more than half a minute ago', () => {
    const tracker = trackProgress(SPEC, 0)
    tracker.step(1, 50_000)
    let last = tracker.step(1, 51_000)
    for (let at = 52_000; at < 120_000; at += 1000) last = tracker.step(1, at)
    expect(last.tokensPerSecond).toBeCloseTo(tokensPerStep(SPEC), 0)
  })
})

describe('metrics', () => {
  test('of work that will be done again are dropped', () => {
    const at = (round: number, replica: number, step: number) => ({ round, replica, step, loss: 1, gradientNorm: 1 })
    const position = { round: 2, units: 1, step: 5 }
    for (const done of [at(1, 2, 9), at(2, 0, 9), at(2, 1, 4)]) expect(isBefore(done, position)).toBe(true)
    for (const again of [at(2, 1, 5), at(2, 2, 0), at(3, 0, 0)]) expect(isBefore(again, position)).toBe(false)
    expect(isBefore({ round: 1, validationLoss: 1, accuracy: 0 }, position)).toBe(true)
    expect(isBefore({ round: 2, validationLoss: 1, accuracy: 0 }, position)).toBe(false)
  })

  test('survive a line that a crash cut off', () => {
    expect(parseMetrics('{"round":0,"replica":0}\n{"round":0,"rep')).toEqual([{ round: 0, replica: 0 }])
  })
})

describe('a partial check', () => {
  const all = Array.from({ length: 12 }, (_, unit) => ({ round: Math.floor(unit / 3), replica: unit % 3 }))

  test('draws different units of the job, every one in the long run', () => {
    const seen = new Set<string>()
    for (let n = 0; n < 200; n++) {
      const units = drawUnits(all, 3).map(({ round, replica }) => `${round}/${replica}`)
      expect(new Set(units).size).toBe(3)
      for (const unit of units) seen.add(unit)
    }
    expect(seen.size).toBe(12)
    expect(drawUnits(all, 99)).toEqual(all)
  })

  test('misses one wrong unit with the chance that it says', () => {
    expect([chanceToMiss(32, 2), chanceToMiss(4, 4), chanceToMiss(4, 9), chanceToMiss(0, 1)]).toEqual([0.9375, 0, 0, 0])
  })
})

test('the command is named as it was called', () => {
  expect(commandName({})).toBe('cairn')
  expect(commandName({ npm_command: 'exec' })).toBe('npx cairn')
  expect(commandName({ npm_command: 'run-script', npm_lifecycle_event: 'cairn' })).toBe('npm run cairn --')
})
