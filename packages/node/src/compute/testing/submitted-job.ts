/** A tiny job for tests: submitted into a blob directory, and what `train` in one process makes of it. */
import { wasm } from '@cairn/engine'
import { encodeUtf8, type HashHex, sha256 } from '@cairn/primitives'
import { type JobSpec, parseJobSpec, type ReceiptRound } from '@cairn/protocol'
import {
  compileJob,
  createExecutor,
  globalSlots,
  prepareData,
  type RunStore,
  rootOfState,
  type Submission,
  submissionOf,
  train,
} from '@cairn/training'
import type { BlobStore } from '../../blobs/blob-store.ts'

const TEXT = Array.from({ length: 300 }, (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `).join('')

export interface TinyOptions {
  readonly innerSteps?: number
  readonly innerState?: 'keep' | 'reset'
  readonly learningRate?: number
}

const specOf = ({ innerSteps = 6, innerState = 'keep', learningRate = 0.003 }: TinyOptions): JobSpec =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'tiny',
    model: { kind: 'gpt', layers: 1, heads: 2, width: 32, context: 16 },
    data: { kind: 'text', source: 'tiny.txt' },
    optimiser: { learningRate, warmupSteps: 2 },
    schedule: { replicas: 2, innerSteps, rounds: 2, batch: 2, checkpoints: 3 },
    outer: { innerState },
    evaluation: { batches: 2 },
    verification: { policy: 'audit' },
    seed: 7,
  })

export interface SubmittedJob {
  readonly spec: JobSpec
  readonly submission: Submission
  readonly initialRoot: HashHex
  /** Rounds as `train` did them; none if the job diverges. */
  readonly rounds: readonly ReceiptRound[]
}

/** Keeps what it is given in memory. */
function memoryStore(): RunStore {
  const blobs = new Map<string, Uint8Array>()
  let record: Uint8Array | undefined
  return {
    readRecord: async () => record,
    writeRecord: async bytes => {
      record = bytes
    },
    readBlob: async (_, root) => blobs.get(root),
    writeBlob: async (_, root, parts) => void blobs.set(root, Uint8Array.from(parts.flatMap(part => [...part]))),
    deleteBlob: async (_, root) => void blobs.delete(root),
  }
}

/** Trains in one process, then writes the job's blobs. */
export async function submitJob(blobs: BlobStore, options: TinyOptions = {}): Promise<SubmittedJob> {
  const spec = specOf(options)
  const data = prepareData(spec, { path: 'tiny.txt', bytes: encodeUtf8(TEXT) }, sha256)
  const program = compileJob(spec, data, sha256)
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256 })
  const initial = await executor.initialState()
  if (!initial.ok) throw new Error('the initial weights diverged')
  const result = await train(program, executor, {
    hash: sha256,
    store: memoryStore(),
    data: data.facts,
    keep: 'all',
    onEvent: async () => {},
    shouldStop: () => false,
    shouldSave: () => false,
  })
  const stepMemoryBytes = await executor.stepMemoryBytes()
  await executor.close()
  const initialRoot = rootOfState(sha256, globalSlots(program.model), initial.value)
  const submission = submissionOf(sha256, {
    program,
    data,
    initialRoot,
    stepMemoryBytes,
    network: { chainId: 31337, escrow: `0x${'00'.repeat(20)}` },
    submitter: `0x${'11'.repeat(20)}`,
    salt: '5'.repeat(64) as HashHex,
  })
  for (const { parts } of submission.blobs) await blobs.write(parts)
  return { spec, submission, initialRoot, rounds: result.record.rounds }
}
