/** The job of these tests: units of about half a second on one thread, and the root that one process finds without a fault. */
import { randomBytes } from 'node:crypto'
import { wasm } from '@cairn/engine'
import type { NetworkFile } from '@cairn/node'
import { encodeHex, encodeUtf8, type HashHex, sha256 } from '@cairn/primitives'
import { parseJobSpec } from '@cairn/protocol'
import {
  compileJob,
  createExecutor,
  type Executor,
  globalSlots,
  type JobProgram,
  type PreparedData,
  prepareData,
  type RunStore,
  rootOfState,
  type Submission,
  submissionOf,
  train,
} from '@cairn/training'

/** As a job file would have it, for those who submit one by the command. */
export const TINY_SPEC = {
  apiVersion: 'cairn/v1',
  name: 'tiny',
  model: { kind: 'gpt', layers: 1, heads: 2, width: 64, context: 64 },
  data: { kind: 'text', source: 'tiny.txt' },
  optimiser: { learningRate: 0.003, warmupSteps: 2 },
  schedule: { replicas: 3, innerSteps: 120, rounds: 3, batch: 4, checkpoints: 3 },
  evaluation: { batches: 2, everyRounds: 2 },
  verification: { policy: 'none' },
  seed: 7,
}

export const TINY_TEXT = Array.from(
  { length: 300 },
  (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `,
).join('')

export interface TinyJob {
  readonly replicas: number
  /** Of the global state after every round of a run in one process, as far as it stays in the domain. */
  readonly roots: readonly HashHex[]
  /** Why it ends early, if it does: as a job's reason begins. */
  readonly divergence?: string
  /** Every call makes another job, since its salt is drawn anew. */
  submission(network: NetworkFile, submitter: string): Submission
}

/** A run store in memory. */
function memoryStore(): RunStore {
  const blobs = new Map<string, Uint8Array>()
  let record: Uint8Array | undefined
  return {
    readRecord: async () => record,
    async writeRecord(bytes) {
      record = bytes
    },
    readBlob: async (_, id) => blobs.get(id),
    async writeBlob(_, id, parts) {
      blobs.set(id, Uint8Array.from(Buffer.concat(parts)))
    },
    async deleteBlob(_, id) {
      blobs.delete(id)
    },
  }
}

/** What a run in one process comes to. */
async function trainHere(program: JobProgram, executor: Executor, data: PreparedData) {
  const never = () => false
  const result = await train(program, executor, {
    hash: sha256,
    store: memoryStore(),
    data: data.facts,
    keep: 'last',
    // Lets the processes of the network be started meanwhile.
    onEvent: () => new Promise(resolve => setImmediate(resolve)),
    shouldStop: never,
    shouldSave: never,
  })
  if (result.kind === 'stopped') throw new Error('the run here was stopped')
  const roots = result.record.rounds.map(({ globalRoot }) => globalRoot)
  if (result.kind === 'finished') return { roots }
  const { graph, operator } = result.divergence
  return { roots, divergence: `round ${result.round} left the domain at ${graph} ${operator}` }
}

/** Leaves the domain in the last round, when the evaluation before it may still be under way. */
export const WILD_OPTIMISER = { learningRate: 30, warmupSteps: 360 }

/** Compiles the job, changed as a test wants it, and trains it here, in one process. */
export async function prepareTinyJob(changes: object = {}): Promise<TinyJob> {
  const spec = parseJobSpec({ ...TINY_SPEC, ...changes })
  const data = prepareData(spec, { path: spec.data.source, bytes: encodeUtf8(TINY_TEXT) }, sha256)
  const program = compileJob(spec, data, sha256)
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256, threads: 1 })
  const initial = await executor.initialState()
  if (!initial.ok) throw new Error('the initial weights leave the domain')
  const initialRoot = rootOfState(sha256, globalSlots(program.model), initial.value)
  const stepMemoryBytes = await executor.stepMemoryBytes()
  const ran = await trainHere(program, executor, data)
  await executor.close()
  return {
    replicas: spec.schedule.replicas,
    ...ran,
    submission: ({ chainId, escrow }, submitter) =>
      submissionOf(sha256, {
        program,
        data,
        initialRoot,
        stepMemoryBytes,
        network: { chainId, escrow: escrow.toLowerCase() },
        submitter: submitter.toLowerCase(),
        salt: encodeHex(randomBytes(32)) as HashHex,
      }),
  }
}
