/** Tiny jobs for tests: seconds on the reference backend, every part of a real one. */
import type { HashFunction } from '@cairn/primitives'
import { philox4x32 } from '@cairn/primitives'
import { type JobSpec, parseJobSpec } from '@cairn/protocol'
import { compileJob, type JobProgram } from '../compile/program.ts'
import { type PreparedData, prepareData } from '../job/prepare-data.ts'
import type { BlobKind, RunStore } from '../job/run-store.ts'
import { nodeHash } from './node-hash.ts'

export const hash: HashFunction = nodeHash

/** Text with structure that a tiny model can begin to learn. */
export const TEXT = Array.from(
  { length: 400 },
  (_, i) => `The ${['cat', 'dog', 'bird'][i % 3]} sat on ${i % 7} ${['mats', 'logs'][i % 2]}. `,
).join('')

const models = {
  gpt: { kind: 'gpt', layers: 2, heads: 2, width: 32, context: 32 },
  llama: { kind: 'llama', layers: 2, heads: 4, kvHeads: 2, width: 32, hiddenWidth: 48, context: 32 },
} as const

export type TinyKind = keyof typeof models

export interface TinyOptions {
  readonly kind?: TinyKind
  readonly width?: 'mx8' | 'mx12'
  readonly learningRate?: number
  readonly innerState?: 'keep' | 'reset'
  readonly microBatches?: number
  readonly dropout?: number
  readonly rounds?: number
  readonly innerSteps?: number
}

/** Parses the specification of a tiny job. */
function tinySpec(o: TinyOptions = {}): JobSpec {
  return parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'tiny',
    model: { ...models[o.kind ?? 'gpt'], dropout: o.dropout ?? 0 },
    data: { kind: 'text', source: 'tiny.txt' },
    optimiser: { learningRate: o.learningRate ?? 0.003, warmupSteps: 2 },
    schedule: {
      replicas: 2,
      innerSteps: o.innerSteps ?? 6,
      rounds: o.rounds ?? 2,
      batch: 4,
      microBatches: o.microBatches ?? 1,
      checkpoints: 3,
    },
    outer: { innerState: o.innerState ?? 'keep' },
    evaluation: { batches: 2 },
    numerics: { width: o.width ?? 'mx8' },
    seed: 7,
  })
}

export interface TinyJob {
  readonly spec: JobSpec
  readonly data: PreparedData
  readonly program: JobProgram
}

export function tinyJob(o: TinyOptions = {}): TinyJob {
  const spec = tinySpec(o)
  const data = prepareData(spec, { path: 'tiny.txt', bytes: new TextEncoder().encode(TEXT) }, hash)
  return { spec, data, program: compileJob(spec, data, hash) }
}

/** Blots of ink where the label says, as canonical digit bytes. */
export function syntheticDigits(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 785)
  for (let i = 0; i < count; i++) {
    const label = i % 10
    for (let p = 0; p < 60; p++) bytes[i * 784 + label * 70 + p] = philox4x32([i, p, 0, 0], [3, 4])[0] & 255
    bytes[count * 784 + i] = label
  }
  return bytes
}

/** A classifier of synthetic digits. */
export function tinyDigits(): TinyJob {
  const spec = parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'tiny digits',
    model: { kind: 'mlp', layers: [784, 8, 10] },
    data: { kind: 'digits', source: 'digits', heldOut: 20 },
    optimiser: { learningRate: 0.003 },
    schedule: { replicas: 2, innerSteps: 4, rounds: 2, batch: 4, checkpoints: 2 },
    evaluation: { batches: 2 },
    seed: 7,
  })
  const data = prepareData(spec, { path: 'digits', bytes: syntheticDigits(100) }, hash)
  return { spec, data, program: compileJob(spec, data, hash) }
}

/** A run store in memory. */
export function memoryStore(): RunStore & { readonly blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>()
  let record: Uint8Array | undefined
  const key = (kind: BlobKind, of: string) => `${kind}/${of}`
  return {
    blobs,
    readRecord: async () => record,
    writeRecord: async bytes => {
      record = bytes
    },
    readBlob: async (kind, of) => blobs.get(key(kind, of)),
    writeBlob: async (kind, of, parts) => {
      const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
      parts.reduce((at, part) => {
        bytes.set(part, at)
        return at + part.length
      }, 0)
      blobs.set(key(kind, of), bytes)
    },
    deleteBlob: async (kind, of) => {
      blobs.delete(key(kind, of))
    },
  }
}
