/** SPEC: numerics N4. Five hundred whole training steps of three models give the same bits however they are run. */
import { type Backend, type CompileOptions, reference, wasm } from '@cairn/engine'
import { parseJobSpec } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { compileJob } from '../compile/program.ts'
import { prepareData } from '../job/prepare-data.ts'
import { hash, syntheticDigits, TEXT } from '../testing/tiny-job.ts'
import { createExecutor } from './executor.ts'
import { replicaSlots, zeroState } from './state.ts'
import type { UnitResult } from './unit.ts'

const STEPS = 500
const common = {
  apiVersion: 'cairn/v1',
  name: 'conformance',
  optimiser: { learningRate: 0.003, warmupSteps: 20 },
  schedule: { replicas: 1, innerSteps: STEPS, rounds: 1, batch: 1, checkpoints: 20 },
  evaluation: { batches: 1 },
  seed: 11,
}
const text = { kind: 'text', source: 'tiny.txt', tokeniser: 'characters' }

const specs = {
  gpt: { ...common, data: text, model: { kind: 'gpt', layers: 2, heads: 2, width: 32, context: 32 } },
  llama: {
    ...common,
    data: text,
    model: { kind: 'llama', layers: 2, heads: 2, kvHeads: 1, width: 32, hiddenWidth: 48, context: 32 },
  },
  mlp: {
    ...common,
    data: { kind: 'digits', source: 'digits', heldOut: 20 },
    model: { kind: 'mlp', layers: [784, 24, 10] },
    schedule: { ...common.schedule, batch: 4 },
  },
} as const

type Name = keyof typeof specs

async function fiveHundredSteps(name: Name, backend: Backend, options: CompileOptions): Promise<UnitResult> {
  const spec = parseJobSpec(specs[name])
  const bytes = name === 'mlp' ? syntheticDigits(200) : new TextEncoder().encode(TEXT)
  const data = prepareData(spec, { path: name, bytes }, hash)
  const program = compileJob(spec, data, hash)
  const executor = createExecutor(program, data.dataset, { backend, hash, ...options })
  const initial = await executor.initialState()
  if (!initial.ok) throw new Error('initial weights diverged')
  const replicaState = zeroState(replicaSlots(program.model, 'keep'))
  const outcome = await executor.runUnit({ round: 0, replica: 0, global: initial.value, replicaState })
  await executor.close()
  if (outcome === undefined || !outcome.ok) throw new Error('the unit did not finish')
  return outcome.value
}

test.each(Object.keys(specs) as Name[])(
  '%s: wasm equals reference over 500 steps, fused and unfused, with one and two threads',
  async name => {
    const expected = await fiveHundredSteps(name, reference, {})
    expect(expected.checkpointRoots).toHaveLength(20)
    const ways: CompileOptions[] = [{}, { lowering: 'unfused' }, { threads: 2 }, { threads: 2, lowering: 'unfused' }]
    for (const options of ways) {
      const found = await fiveHundredSteps(name, wasm, options)
      expect(found.checkpointRoots).toEqual(expected.checkpointRoots)
      expect(found).toEqual(expected)
    }
  },
)
