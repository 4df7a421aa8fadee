import { asF32, bytesOf, type Graph, graphBuilder, input, sumAll, wasm } from '@cairn/engine'
import { expect, test } from 'vitest'
import { mlp } from '../models/mlp.ts'
import type { Model } from '../models/model.ts'
import { evaluationGraph } from './evaluation-graph.ts'
import { innerGraph } from './inner-graph.ts'

const bits = { beta1: 0x3f666666, beta2: 0x3f733333, epsilon: 0x322bcc77, clipNorm: 0x3f800000 }
const optimiser = {
  learningRate: 1e-3,
  minLearningRate: 1e-3,
  warmupSteps: 0,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0.1,
  bits,
}
const model: Model = mlp({ layers: [20, 40, 10], activation: 'relu' })
const width = 'mx8'
const inner = () =>
  innerGraph({ model, width, batch: 4, microBatches: 1, dropout: 0, optimiser, steps: 8, momentSteps: 8, unitSteps: 8 })

const alongRows = ({ nodes }: Graph) =>
  nodes.filter(({ operator, attributes }) => operator === 'quantise' && (attributes as { axis: number }).axis === -2)

test('the graphs that are disputed quantise along the last axis only', () => {
  expect(alongRows(inner())).toEqual([])
  expect(alongRows(evaluationGraph(model, width, 4, 1))).toEqual([])
})

test('squaredNorms has one entry a parameter, and squaredNorm is their sum', async () => {
  const e = await wasm.compile(inner())
  for (const { name, shape } of model.parameters) {
    const count = shape.reduce((n, size) => n * size, 1)
    e.write(name, bytesOf(Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 101) / 101 - 0.5)))
  }
  e.write('x', bytesOf(Float32Array.from({ length: 80 }, (_, i) => ((i * 31) % 17) / 17)))
  e.write('targets', bytesOf(Int32Array.of(1, 2, 3, 4)))
  expect(e.run().ok).toBe(true)
  const norms = new Uint8Array(e.read('squaredNorms'))
  expect(Array.from(asF32(norms)).filter(norm => norm > 0)).toHaveLength(model.parameters.length)
  const builder = graphBuilder()
  const sum = await wasm.compile(builder.finish({ sum: sumAll(input(builder, 'x', [model.parameters.length])) }))
  sum.write('x', norms)
  sum.run()
  expect(e.read('squaredNorm')).toEqual(sum.read('sum'))
})
