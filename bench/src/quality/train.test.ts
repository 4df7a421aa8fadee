import { sha256 } from '@cairn/primitives'
import { parseJobSpec } from '@cairn/protocol'
import { compileJob, prepareData } from '@cairn/training'
import { expect, test } from 'vitest'
import { execution, type Way } from './plan.ts'
import { validationLoss } from './train.ts'

const TEXT = Array.from({ length: 300 }, (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `).join('')

const specOf = (way: Way, innerSteps: number) =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'tiny',
    model: { kind: 'gpt', layers: 2, heads: 2, width: 32, context: 32 },
    data: { kind: 'text', source: 'tiny.txt', tokeniser: 'characters' },
    optimiser: { learningRate: 0.003 },
    schedule: { replicas: 1, innerSteps, rounds: 1, batch: 4, checkpoints: 1 },
    evaluation: { batches: 2 },
    numerics: { width: execution[way].width },
    seed: 3,
  })

function lossOf(way: Way, steps: number): Promise<number> {
  const spec = specOf(way, steps)
  const data = prepareData(spec, { path: 'tiny.txt', bytes: new TextEncoder().encode(TEXT) }, sha256)
  return validationLoss(compileJob(spec, data, sha256), data.dataset, execution[way].backend)
}

test('three ways learn the same, and each computes in its own arithmetic', async () => {
  const [untrained, fp32, mx8, mx12] = [
    await lossOf('fp32', 1),
    await lossOf('fp32', 40),
    await lossOf('mx8', 40),
    await lossOf('mx12', 40),
  ]
  expect(fp32).toBeLessThan(untrained / 1.5)
  expect(new Set([fp32, mx8, mx12]).size).toBe(3)
  expect(Math.abs(mx8 / fp32 - 1)).toBeLessThan(0.02)
  expect(Math.abs(mx12 / fp32 - 1)).toBeLessThan(0.005)
})

test('the same run gives the same loss', async () => {
  expect(await lossOf('fp32', 5)).toBe(await lossOf('fp32', 5))
})
