/**
 * SPEC: numerics N4. Five hundred whole training steps of three models give the same bits fused and not; the first fifty also with
 * two threads, which wait for each other wherever two cores are busy.
 */
import { type Backend, type CompileOptions, reference, wasm } from '@cairn/engine'
import type { HashHex } from '@cairn/primitives'
import { parseJobSpec } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { compileJob } from '../compile/program.ts'
import { prepareData } from '../job/prepare-data.ts'
import { hash, syntheticDigits, TEXT } from '../testing/tiny-job.ts'
import { createExecutor } from './executor.ts'
import { replicaSlots, zeroState } from './state.ts'

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
    model: { kind: 'llama', layers: 2, heads: 2, kvHeads: 1, width: 32, hiddenWidth: 48, context: 16 },
  },
  mlp: {
    ...common,
    data: { kind: 'digits', source: 'digits', heldOut: 20 },
    model: { kind: 'mlp', layers: [784, 24, 10] },
    schedule: { ...common.schedule, batch: 4 },
  },
} as const

type Name = keyof typeof specs

/** Runs a unit, or its first steps alone; returns what it came to, or the roots of its checkpoints so far. */
async function runSteps(name: Name, backend: Backend, options: CompileOptions, steps = STEPS) {
  const spec = parseJobSpec(specs[name])
  const bytes = name === 'mlp' ? syntheticDigits(200) : new TextEncoder().encode(TEXT)
  const data = prepareData(spec, { path: name, bytes }, hash)
  const program = compileJob(spec, data, hash)
  const executor = createExecutor(program, data.dataset, { backend, hash, ...options })
  const initial = await executor.initialState()
  if (!initial.ok) throw new Error('initial weights diverged')
  const replicaState = zeroState(replicaSlots(program.model, 'keep'))
  let roots: readonly HashHex[] = []
  const outcome = await executor.runUnit({
    ...{ round: 0, replica: 0, global: initial.value, replicaState },
    async onStep({ done, progress }) {
      if (done !== steps || steps === STEPS) return undefined
      roots = progress().checkpointRoots
      return 'stop'
    },
  })
  await executor.close()
  if (outcome === undefined) return { checkpointRoots: roots }
  if (!outcome.ok) throw new Error('the unit did not finish')
  return outcome.value
}

test.each(Object.keys(specs) as Name[])(
  '%s: wasm equals reference over 500 steps, fused and unfused, and over 50 with two threads',
  async name => {
    const expected = await runSteps(name, reference, {})
    expect(expected.checkpointRoots).toHaveLength(20)
    for (const options of [{}, { lowering: 'unfused' }] as const)
      expect(await runSteps(name, wasm, options)).toEqual(expected)
    for (const options of [{ threads: 2 }, { threads: 2, lowering: 'unfused' }] as const) {
      const { checkpointRoots } = await runSteps(name, wasm, options, 50)
      expect(checkpointRoots).toEqual(expected.checkpointRoots.slice(0, 2))
    }
  },
)
