import { describe, expect, test } from 'vitest'
import { hash, type TinyOptions, tinyJob } from '../testing/tiny-job.ts'
import { graphCost, graphOperations } from './graph-cost.ts'
import { compileJob } from './program.ts'

describe('the program root', () => {
  test('is the same for the same specification', () => {
    const { spec, data, program } = tinyJob()
    expect(compileJob(spec, data, hash).programRoot).toBe(program.programRoot)
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
      `"778e8d5b4af9dc68715399eb453d574d64649b7f6e7bbad1ddf5580cbfe54433"`,
    )
    expect(tinyJob({ kind: 'llama' }).program.programRoot).toMatchInlineSnapshot(
      `"94f91f210fe776d61598aa4ebb523b3ce6b37fcc835fd57c20a2430385c465c7"`,
    )
  })
})

test('a vocabulary other than the tokeniser has is refused', () => {
  const { spec, data } = tinyJob()
  const other = { ...spec, model: { ...spec.model, vocabulary: 300 } } as typeof spec
  expect(() => compileJob(other, data, hash)).toThrow(
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
