import { type Backend, type CompileOptions, reference, wasm } from '@cairn/engine'
import { expect, test } from 'vitest'
import { createExecutor } from '../execute/executor.ts'
import { hash, memoryStore, type TinyJob, type TinyOptions, tinyJob } from '../testing/tiny-job.ts'
import type { RunStore } from './run-store.ts'
import { type TrainEvent, type TrainResult, train } from './train.ts'

interface RunOptions extends CompileOptions {
  readonly backend?: Backend
  readonly store?: RunStore
  /** Stops after this many inner steps of the run. */
  readonly stopAfter?: number
  readonly saveEvery?: number
}

async function run({ program, data }: TinyJob, o: RunOptions = {}): Promise<TrainResult> {
  const executor = createExecutor(program, data.dataset, { backend: o.backend ?? wasm, hash, ...o })
  let steps = 0
  const onEvent = async (event: TrainEvent) => {
    if (event.kind === 'step') steps++
  }
  try {
    return await train(program, executor, {
      hash,
      data: data.facts,
      store: o.store ?? memoryStore(),
      keep: 'all',
      onEvent,
      shouldStop: () => steps === o.stopAfter,
      shouldSave: () => o.saveEvery !== undefined && steps % o.saveEvery === 0,
    })
  } finally {
    await executor.close()
  }
}

const finalRoot = (result: TrainResult) => result.record.rounds.at(-1)?.globalRoot

test('one and two threads, fused and unfused, wasm and reference end in the same state', async () => {
  const job = tinyJob({ innerSteps: 3 })
  const expected = finalRoot(await run(job))
  expect(expected).toMatch(/^[0-9a-f]{64}$/)
  const others: RunOptions[] = [{ threads: 2 }, { lowering: 'unfused' }, { backend: reference }]
  for (const options of others) expect(finalRoot(await run(job, options))).toBe(expected)
})

test.each<TinyOptions>([
  { kind: 'llama' },
  { width: 'mx12' },
  { microBatches: 2, dropout: 0.1 },
  { innerState: 'reset' },
])('wasm equals reference for %j', async options => {
  const job = tinyJob({ ...options, innerSteps: 3 })
  expect(finalRoot(await run(job, { threads: 2 }))).toBe(finalRoot(await run(job, { backend: reference })))
})

test.each<TinyOptions>([{}, { innerState: 'reset' }])(
  'a run stopped at any step and resumed ends in the same state (%j)',
  async options => {
    const job = tinyJob(options)
    const expected = finalRoot(await run(job))
    for (let stopAfter = 1; stopAfter < 24; stopAfter += 3) {
      const store = memoryStore()
      const stopped = await run(job, { store, stopAfter })
      expect(stopped.kind).toBe(stopAfter % 6 === 0 ? 'finished' : 'stopped')
      expect(finalRoot(await run(job, { store }))).toBe(expected)
    }
  },
)

test('a run killed between two saves repeats what was lost and ends in the same state', async () => {
  const job = tinyJob()
  const expected = finalRoot(await run(job))
  const store = memoryStore()
  const killed = { ...store, writeRecord: store.writeRecord }
  let writes = 0
  // The process dies at its eighth write: everything before it is on disk, nothing after.
  killed.writeRecord = async bytes => {
    if (++writes === 8) throw new Error('killed')
    await store.writeRecord(bytes)
  }
  await expect(run(job, { store: killed, saveEvery: 2 })).rejects.toThrow('killed')
  expect(finalRoot(await run(job, { store }))).toBe(expected)
})

test('a checkpoint with one flipped bit is refused by name', async () => {
  const job = tinyJob()
  const store = memoryStore()
  await run(job, { store, stopAfter: 8 })
  const [name, bytes] = [...store.blobs].find(([key]) => key.startsWith('checkpoint/')) as [string, Uint8Array]
  bytes[1000]! ^= 1
  await expect(run(job, { store })).rejects.toMatchObject({
    code: 'CorruptCheckpoint',
    path: `state ${name.slice(11)}`,
  })
})

test('an update that is gone is named, with what to do', async () => {
  const store = memoryStore()
  const job = tinyJob()
  await run(job, { store, stopAfter: 8 })
  const name = [...store.blobs.keys()].find(key => key.startsWith('update/')) as string
  store.blobs.delete(name)
  await expect(run(job, { store })).rejects.toMatchObject({
    name: 'InputError',
    code: 'MissingUpdate',
    path: `update ${name.slice(7)}`,
    fix: expect.stringContaining('restore'),
  })
})

test('another job cannot resume a run', async () => {
  const store = memoryStore()
  await run(tinyJob(), { store, stopAfter: 3 })
  await expect(run(tinyJob({ learningRate: 0.004 }), { store })).rejects.toMatchObject({
    code: 'OtherJob',
    path: 'specHash',
  })
})

test('changed data cannot be mixed into a run', async () => {
  const store = memoryStore()
  const job = tinyJob()
  await run(job, { store, stopAfter: 3 })
  const other = { ...job, data: { ...job.data, facts: { ...job.data.facts, blobSha256: job.data.facts.sha256 } } }
  await expect(run(other, { store })).rejects.toMatchObject({ code: 'OtherJob', path: 'data.blobSha256' })
})

test('a learning rate of a million diverges at the same step and operator on every backend', async () => {
  const job = tinyJob({ learningRate: 1e6 })
  const results = [await run(job), await run(job, { backend: reference }), await run(job, { threads: 2 })]
  const places = results.map(r =>
    r.kind === 'diverged' ? { round: r.round, replica: r.replica, divergence: r.divergence } : r.kind,
  )
  expect(places[0]).toMatchObject({ round: 0, replica: 0, divergence: { graph: 'inner' } })
  expect(places[1]).toEqual(places[0])
  expect(places[2]).toEqual(places[0])
})

test('training lowers the loss', async () => {
  const losses: number[] = []
  const job = tinyJob({ rounds: 3, innerSteps: 20, learningRate: 0.01 })
  const executor = createExecutor(job.program, job.data.dataset, { backend: wasm, hash })
  await train(job.program, executor, {
    hash,
    data: job.data.facts,
    store: memoryStore(),
    keep: 'last',
    onEvent: async event => {
      if (event.kind === 'step') losses.push(event.loss)
    },
    shouldStop: () => false,
    shouldSave: () => false,
  })
  expect(losses[0]).toBeGreaterThan(5)
  expect(losses.at(-1)).toBeLessThan(2)
})
