/**
 * The standard unit: a small unit of training, the same for everybody but for its seed, that tells how fast a machine is.
 * Its root follows from the seed alone, so whoever did not do it does not know it. SPEC: docs/spec/network.md "Measured speed".
 */
import type { Backend } from '@cairn/engine'
import { type HashFunction, type HashHex, InternalError } from '@cairn/primitives'
import { type JobSpec, operationsPerUnit, parseJobSpec } from '@cairn/protocol'
import { graphCost } from '../compile/graph-cost.ts'
import { compileJob } from '../compile/program.ts'
import { createExecutor } from '../execute/executor.ts'
import { replicaSlots, zeroState } from '../execute/state.ts'
import { prepareData } from './prepare-data.ts'

export interface StandardUnitOptions {
  /** From 0 to 2^32 - 1. */
  readonly seed: number
  readonly backend: Backend
  readonly hash: HashFunction
  readonly threads: number
}

export interface StandardUnit {
  /** Of the update that the unit leaves. */
  readonly root: HashHex
  /** Of its training, as jobs count them. */
  readonly operations: bigint
}

/** About 50 kB, the same for everybody; what they say does not matter. */
const TEXT = Array.from({ length: 2048 }, (_, i) => `line ${i} of ${(i * 7919) % 2048} is read\n`).join('')

const specOf = (seed: number): JobSpec =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'standard unit',
    model: { kind: 'gpt', layers: 2, heads: 4, width: 128, context: 64 },
    data: { kind: 'text', source: 'standard.txt' },
    optimiser: { learningRate: 0.001, warmupSteps: 2 },
    schedule: { replicas: 1, innerSteps: 6, rounds: 1, batch: 8, checkpoints: 1 },
    evaluation: { batches: 1 },
    seed,
  })

/** Does the standard unit. Throws `ResourceError` where this machine cannot. */
export async function standardUnit({ seed, backend, hash, threads }: StandardUnitOptions): Promise<StandardUnit> {
  const spec = specOf(seed)
  const data = prepareData(spec, { path: 'standard.txt', bytes: new TextEncoder().encode(TEXT) }, hash)
  const program = compileJob(spec, data, hash)
  const operations = operationsPerUnit(spec, graphCost(program, 0))
  const executor = createExecutor(program, data.dataset, { backend, hash, threads })
  try {
    const start = await executor.initialState()
    const replicaState = zeroState(replicaSlots(program.model, spec.outer.innerState))
    const done = start.ok ? await executor.runUnit({ round: 0, replica: 0, global: start.value, replicaState }) : start
    if (done?.ok) return { root: done.value.updateRoot, operations }
    throw new InternalError('StandardUnit', `the standard unit of seed ${seed} left the domain of its operators`)
  } finally {
    await executor.close()
  }
}
