import { describe, expect, it } from 'vitest'
import { estimatedMs, type GraphCost, jobCost, quote, type Rates } from './cost.ts'
import { parseJobSpec } from './job-spec.ts'

const spec = parseJobSpec({
  apiVersion: 'cairn/v1',
  name: 'cost',
  model: { kind: 'gpt', layers: 1, heads: 1, width: 32, context: 16 },
  data: { kind: 'text', source: 'text.txt' },
  optimiser: { learningRate: 0.001 },
  schedule: { replicas: 3, innerSteps: 10, rounds: 5, batch: 4 },
  evaluation: { everyRounds: 2 },
  seed: 0,
})

const graph: GraphCost = {
  operationsPerStep: 1_000_000_007n,
  operationsPerOuterStep: 13n,
  operationsPerEvaluation: 1_000n,
  parameters: 100,
  globalStateBytes: 800,
  replicaStateBytes: 1200,
  stepMemoryBytes: 9000,
  updateBytesPerUnit: 110,
  tokensPerWindow: 16,
}

const rates: Rates = {
  perTeraOperation: 1_000_000n,
  perGibibyteMoved: 1_000_000_000n,
  perGibibyteRound: 1n,
  verificationMillionths: 20_000n,
  coordinatorPerRound: 7n,
  gasPerRound: 11n,
}

describe('jobCost', () => {
  it('multiplies the graph by the schedule', () => {
    expect(jobCost(spec, graph)).toEqual({
      ...graph,
      units: 15,
      operations: 15n * (10n * 1_000_000_007n + 13n) + 3n * 1_000n, // evaluated after rounds 1, 3 and 4
      tokens: 15n * 10n * 4n * 16n,
      stateBytes: 800 + 3 * 1200,
      storageBytesPerRound: 3n * 2n * 1310n + 800n,
      transferBytesPerRound: 3n * 2n * 1310n + 3n * 2n * 110n,
    })
  })

  it('keeps nothing at custodians that a job does without', () => {
    expect(jobCost(spec, graph, 0)).toMatchObject({ storageBytesPerRound: 800n, transferBytesPerRound: 660n })
  })
})

describe('quote', () => {
  it('rounds every line up and adds them', () => {
    const priced = quote(spec, jobCost(spec, graph), rates)
    expect(priced).toEqual({
      compute: 150_001n, // 0.150000001248 tera-operations
      transfer: 39_675n, // 5 * 8520 * 10^9 / 2^30 = 39674.4
      storage: 1n,
      verification: 3_001n,
      coordination: 35n,
      gas: 55n,
      total: 150_001n + 39_675n + 1n + 3_001n + 35n + 55n,
    })
  })

  it('costs nothing at rates of zero', () => {
    const free: Rates = { ...rates, perTeraOperation: 0n, perGibibyteMoved: 0n, perGibibyteRound: 0n }
    expect(quote(spec, jobCost(spec, graph), { ...free, coordinatorPerRound: 0n, gasPerRound: 0n }).total).toBe(0n)
  })
})

it('estimates time from a measured speed', () => {
  expect(estimatedMs(jobCost(spec, graph), 150_000_000n)).toBe(1_000_001n)
})
