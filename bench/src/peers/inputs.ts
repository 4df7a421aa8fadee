/**
 * The same initial weights and batches for every peer, in Node and in Python, as one safetensors file whose metadata
 * holds the case and the hyper-parameters. A file and not memory: what a peer holds besides its own tensors would
 * otherwise count as its memory.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import {
  BATCHES,
  type Case,
  type CaseName,
  cases,
  type GptCase,
  hyper,
  type MlpCase,
  parametersOf,
  WARM_UP_STEPS,
} from './cases.ts'

type Data = Float32Array | Int32Array
interface Entry {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Data
}

/** Mulberry32, drawing numbers in [0, 1): 32-bit integer steps only, so every engine draws the same. */
function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Four uniform numbers added: near enough to a normal, and without `Math.log`, on which engines differ. */
const nearNormal = (draw: () => number) => (draw() + draw() + draw() + draw() - 2) * Math.sqrt(3)

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

function* weights(model: Case, draw: () => number): Generator<Entry> {
  for (const { name, shape, initial } of parametersOf(model)) {
    const value = 'std' in initial ? () => nearNormal(draw) * initial.std : () => initial.constant
    yield { name, shape, data: Float32Array.from({ length: sizeOf(shape) }, value) }
  }
}

/** Sequences in which each token leaves four successors: there is something to learn (ln 4 against ln 65 nats). */
function tokens({ batch, context, vocabulary }: GptCase, draw: () => number): Int32Array {
  let token = 0
  return Int32Array.from({ length: batch * (context + 1) }, (_, i) => {
    token =
      i % (context + 1) === 0 ? Math.floor(draw() * vocabulary) : (token * 3 + Math.floor(draw() * 4)) % vocabulary
    return token
  })
}

function* gptBatch(model: GptCase, index: number, draw: () => number): Generator<Entry> {
  const { batch, context } = model
  const rows = tokens(model, draw)
  const columns = (from: number) =>
    Int32Array.from(
      { length: batch * context },
      (_, i) => rows[Math.floor(i / context) * (context + 1) + (i % context) + from]!,
    )
  yield { name: `batch.${index}.inputs`, shape: [batch, context], data: columns(0) }
  yield { name: `batch.${index}.targets`, shape: [batch, context], data: columns(1) }
}

function* mlpBatch({ sizes, batch }: MlpCase, index: number, draw: () => number): Generator<Entry> {
  const labels = Int32Array.from({ length: batch }, () => Math.floor(draw() * sizes.at(-1)!))
  const pixel = (label: number, place: number) => ((label * 31 + place * 7) % 97 < 30 ? 0.75 : 0.25) * draw()
  const images = Float32Array.from({ length: batch * sizes[0]! }, (_, i) =>
    pixel(labels[Math.floor(i / sizes[0]!)]!, i % sizes[0]!),
  )
  yield { name: `batch.${index}.inputs`, shape: [batch, sizes[0]!], data: images }
  yield { name: `batch.${index}.targets`, shape: [batch], data: labels }
}

function* entries(model: Case): Generator<Entry> {
  yield* weights(model, generator(1))
  const draw = generator(2)
  for (let i = 0; i < BATCHES; i++) {
    if (model.kind === 'gpt') yield* gptBatch(model, i, draw)
    else yield* mlpBatch(model, i, draw)
  }
}

function header(name: CaseName, tensors: readonly Entry[]): Buffer {
  const settings = { case: cases[name], hyper, batches: BATCHES, warmUpSteps: WARM_UP_STEPS }
  const fields: Record<string, unknown> = { __metadata__: { settings: JSON.stringify(settings) } }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    const dtype = data instanceof Int32Array ? 'I32' : 'F32'
    fields[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  return Buffer.from(JSON.stringify(fields))
}

/** Writes a case's weights and batches as safetensors. */
export function writeInputs(name: CaseName, file: string): void {
  const tensors = [...entries(cases[name])]
  const json = header(name, tensors)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const descriptor = openSync(file, 'w')
  for (const part of [length, json, ...tensors.map(t => t.data)]) writeSync(descriptor, part)
  closeSync(descriptor)
}

export interface Batch {
  readonly inputs: Data
  readonly targets: Int32Array
}

export interface Inputs {
  /** The parameters' names. */
  readonly names: readonly string[]
  /** All batches, read ahead: no step waits for a file. */
  readonly batches: readonly Batch[]
  shape(name: string): number[]
  /** Reads one parameter; nothing is kept, so that memory measured is the peer's own. */
  read(name: string): Data
}

/** Opens a file of `writeInputs`. */
export function openInputs(file: string): Inputs {
  const descriptor = openSync(file, 'r')
  const length = Buffer.alloc(8)
  readSync(descriptor, length)
  const start = 8 + Number(length.readBigUInt64LE())
  const json = Buffer.alloc(start - 8)
  readSync(descriptor, json, 0, json.length, 8)
  const { __metadata__, ...fields } = JSON.parse(json.toString())
  const read = (name: string) => {
    const { dtype, data_offsets } = fields[name]
    const bytes = new Uint8Array(data_offsets[1] - data_offsets[0])
    readSync(descriptor, bytes, 0, bytes.length, start + data_offsets[0])
    return dtype === 'I32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer)
  }
  const batches = Array.from({ length: BATCHES }, (_, i) => ({
    inputs: read(`batch.${i}.inputs`),
    targets: read(`batch.${i}.targets`) as Int32Array,
  }))
  const names = Object.keys(fields).filter(name => !name.startsWith('batch.'))
  return { names, batches, shape: name => [...fields[name].shape], read }
}
