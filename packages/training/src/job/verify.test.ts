import { wasm } from '@cairn/engine'
import { type HashHex, IntegrityError, philox4x32 } from '@cairn/primitives'
import { decodeReceipt, encodeReceipt, type Receipt, sealReceipt } from '@cairn/protocol'
import { beforeAll, expect, test } from 'vitest'
import { createExecutor, type Executor } from '../execute/executor.ts'
import { hash, memoryStore, type TinyOptions, tinyJob } from '../testing/tiny-job.ts'
import { receiptOf } from './receipt.ts'
import { train } from './train.ts'
import { type VerifyOptions, verifyIdentity, verifyUnits, verifyWeights, verifyWhole } from './verify.ts'
import { weightsFile } from './weights-file.ts'

interface Honest extends VerifyOptions {
  readonly store: ReturnType<typeof memoryStore>
  readonly weights: Uint8Array
  readonly dataFacts: Receipt['data']
}

async function honestRun(options: TinyOptions): Promise<Honest> {
  const { program, data } = tinyJob(options)
  const executor: Executor = createExecutor(program, data.dataset, { backend: wasm, hash })
  const store = memoryStore()
  const result = await train(program, executor, {
    hash,
    data: data.facts,
    store,
    keep: 'all',
    onEvent: async () => {},
    shouldStop: () => false,
    shouldSave: () => false,
  })
  if (result.kind === 'stopped') throw new Error('nobody asked to stop')
  const weights = weightsFile(program.model, result.global)
  const receipt = receiptOf(hash, {
    program,
    data: data.facts,
    result,
    weights: { file: 'model.safetensors', bytes: weights },
  })
  return { hash, program, executor, receipt, onUnit: async () => {}, store, weights, dataFacts: data.facts }
}

let honest: Honest
beforeAll(async () => {
  honest = await honestRun({})
})

test('agrees with an honest receipt, whole and by units', async () => {
  expect(decodeReceipt(hash, encodeReceipt(honest.receipt))).toEqual(honest.receipt)
  expect(verifyIdentity(honest, honest.dataFacts)).toMatchObject({ ok: true })
  expect(verifyWeights(hash, honest.receipt, honest.weights)).toMatchObject({ ok: true })
  expect(await verifyWhole(honest)).toEqual({ ok: true, units: 4 })
  expect(
    await verifyUnits(honest, honest.store, [
      { round: 1, replica: 0 },
      { round: 0, replica: 1 },
    ]),
  ).toEqual({ ok: true, units: 2 })
})

test('agrees with the receipt of a job that diverged', async () => {
  const diverged = await honestRun({ learningRate: 1e6 })
  expect(diverged.receipt.diverged).toMatchObject({ round: 0, replica: 0 })
  expect(await verifyWhole(diverged)).toMatchObject({ ok: true })
})

/** Flips bit `n` of a copy. */
function flip(bytes: Uint8Array, n: number): Uint8Array {
  const copy = bytes.slice()
  copy[n >> 3]! ^= 1 << (n & 7)
  return copy
}

const FLIPS = 500
const bitAt = (i: number, bytes: Uint8Array, stream: number) =>
  Math.floor((philox4x32([i, 0, 0, 0], [1, stream])[0] / 2 ** 32) * bytes.length * 8)

/** Says in which part of a safetensors file a byte lies, from the header alone. */
function partAt(bytes: Uint8Array, at: number): string {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  if (at < start) return 'header'
  const { __metadata__: _, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)))
  const holds = ([
    ,
    {
      data_offsets: [from, to],
    },
  ]: [string, { data_offsets: [number, number] }]) => at - start >= from && at - start < to
  return `tensor ${(Object.entries(entries) as [string, { data_offsets: [number, number] }][]).find(holds)?.[0]}`
}

test('names the header or the tensor for any flipped bit of the weights file', () => {
  const seen = new Set<string>()
  for (let i = 0; i < FLIPS; i++) {
    const bit = i < 20 ? i * 97 : bitAt(i, honest.weights, 1)
    const verdict = verifyWeights(hash, honest.receipt, flip(honest.weights, bit))
    const part = partAt(honest.weights, bit >> 3)
    expect(verdict).toMatchObject({ ok: false, path: `model.safetensors: ${part}` })
    seen.add(part)
  }
  expect(seen).toContain('header')
  expect(seen.size).toBeGreaterThan(10)
})

test('refuses any flipped bit of the receipt, naming the place', () => {
  const bytes = encodeReceipt(honest.receipt)
  for (let i = 0; i < FLIPS; i++) {
    const damaged = flip(bytes, bitAt(i, bytes, 2))
    expect(() => decodeReceipt(hash, damaged)).toThrow(expect.objectContaining({ path: expect.stringMatching(/./) }))
    expect(() => decodeReceipt(hash, damaged)).toThrow(IntegrityError)
  }
})

/** A receipt that may be written to. */
type Draft = Writable<Omit<Receipt, 'digest'>>
type Writable<T> = T extends string | number | undefined
  ? T
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T

/** A liar seals what they changed, so the digest and the claims hold; only doing the work again tells. */
function forged(change: (receipt: Draft) => void): VerifyOptions {
  const { digest: _, ...body } = structuredClone(honest.receipt)
  change(body as unknown as Draft)
  return { ...honest, receipt: sealReceipt(hash, body) }
}

const other = '5'.repeat(64) as HashHex
test.each<[string, (r: Draft) => void]>([
  ['rounds[0].units[1].updateRoot', r => (r.rounds[0].units[1].updateRoot = other)],
  ['rounds[0].units[0].lossBits', r => (r.rounds[0].units[0].lossBits ^= 1)],
  ['rounds[1].units[0].checkpointRoots', r => (r.rounds[1].units[0].checkpointRoots[1] = other)],
  ['rounds[1].evaluation.lossBits', r => (r.rounds[1].evaluation = { lossBits: 1 })],
  ['weights', r => (r.weights.sha256 = other)],
])('finds a forged %s in a receipt that is consistent in itself', async (path, change) => {
  expect(await verifyWhole(forged(change))).toMatchObject({ ok: false, path })
})

test('a partial check finds the forgery exactly when it does that unit again', async () => {
  const lie = forged((r: Draft) => (r.rounds[0].units[1].updateRoot = other))
  expect(await verifyUnits(lie, honest.store, [{ round: 0, replica: 0 }])).toMatchObject({ ok: true })
  expect(await verifyUnits(lie, honest.store, [{ round: 0, replica: 1 }])).toMatchObject({
    ok: false,
    path: 'rounds[0].units[1].updateRoot',
  })
})

test('other data and another program are named', () => {
  expect(verifyIdentity(honest, { ...honest.dataFacts, sha256: other as never })).toMatchObject({
    ok: false,
    path: 'data.sha256',
  })
  const elsewhere = { ...honest, program: tinyJob({ learningRate: 0.002 }).program }
  expect(verifyIdentity(elsewhere, honest.dataFacts)).toMatchObject({ ok: false, path: 'programRoot' })
})
