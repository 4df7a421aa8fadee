import { describe, expect, test } from 'vitest'
import { hash, type TinyOptions, tinyJob } from '../testing/tiny-job.ts'
import { graphCost, graphOperations } from './graph-cost.ts'
import { compileJob } from './program.ts'

describe('the program root', () => {
  test('is the same for the same specification', () => {
    const { spec, data, program } = tinyJob()
    expect(compileJob(spec, data.vocabulary, hash).programRoot).toBe(program.programRoot)
  })

  test.each<TinyOptions>([
    { learningRate: 0.0031 },
    { width: 'mx12' },
    { microBatches: 2 },
    { dropout: 0.1 },
    { innerState: 'reset' },
    { rounds: 3 },
    { kind: 'llama' },
  ])('changes with %j', options => {
    expect(tinyJob(options).program.programRoot).not.toBe(tinyJob().program.programRoot)
  })

  test('is this one on every machine and engine', () => {
    expect(tinyJob().program.programRoot).toMatchInlineSnapshot(
      `"be9b339c692b716022b02b11910f357f9c9bb6fe5398321dbcbf299b76842dbc"`,
    )
    expect(tinyJob({ kind: 'llama' }).program.programRoot).toMatchInlineSnapshot(
      `"6c2e3477675d8d8a0a5c6dac3a60b98b9ef3f7fedb0eb696d98f3f44dc07d91c"`,
    )
  })
})

test('a vocabulary other than the tokeniser has is refused', () => {
  const { spec } = tinyJob()
  const other = { ...spec, model: { ...spec.model, vocabulary: 300 } } as typeof spec
  expect(() => compileJob(other, 256, hash)).toThrow(
    expect.objectContaining({ code: 'VocabularyMismatch', path: 'model.vocabulary' }),
  )
})

test('counts operations close to six per parameter and token', () => {
  const { program } = tinyJob()
  const cost = graphCost(program, 0)
  const matrices = program.model.parameters
    .filter(p => p.decay && p.name !== 'wpe.weight')
    .reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0)
  const tokens = program.spec.schedule.batch * 32
  const ratio = Number(cost.operationsPerStep) / (6 * matrices * tokens)
  expect(ratio).toBeGreaterThan(1)
  expect(ratio).toBeLessThan(6) // attention and element operators weigh much at width 32
  expect(graphOperations(program.graphs.outer)).toBeGreaterThan(0n)
  expect(cost.globalStateBytes).toBe(8 * cost.parameters)
})

test('micro-batches change the operations only by the accumulation', () => {
  const [one, two] = [tinyJob(), tinyJob({ microBatches: 2 })].map(job =>
    Number(graphOperations(job.program.graphs.inner)),
  ) as [number, number]
  expect(two / one).toBeGreaterThan(0.99)
  expect(two / one).toBeLessThan(1.15)
})
