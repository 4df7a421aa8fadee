import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HashHex } from '@cairn/primitives'
import { bytesBlob, type Commitment, encodeJobDocument, evaluatesAfter } from '@cairn/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BlobStore } from '../blobs/blob-store.ts'
import { cleanUp } from '../network/testing/clean-up.ts'
import { type Compute, createCompute, type RequestOptions } from './compute.ts'
import { type SubmittedJob, submitJob } from './testing/submitted-job.ts'
import { doUnit, must, type Place, testCompute, unitOf } from './testing/test-compute.ts'

let directory: string
let blobs: BlobStore
let compute: Compute
beforeEach(async () => {
  ;({ directory, blobs, compute } = await testCompute())
})
afterEach(cleanUp)

/** Does a whole job as nodes would, and compares everything with `train`. */
async function doWhole(job: SubmittedJob, unit: (place: Place) => Promise<Commitment>): Promise<void> {
  const { documentId: document } = job.submission
  let { globalRoot } = await must(compute.request({ kind: 'initialState', document }))
  let before: Commitment[] = []
  for (const [round, expected] of job.rounds.entries()) {
    const units: Commitment[] = []
    for (let replica = 0; replica < job.spec.schedule.replicas; replica++)
      units.push(await unit({ round, replica, globalRoot, before: before[replica] }))
    before = units
    expect(units.map(({ unit: _, ...rest }) => rest)).toEqual(expected.units.map(({ unit: _, ...rest }) => rest))
    expect(units.every(found => found.unit.job === job.submission.job)).toBe(true)
    const updateRoots = units.map(found => found.updateRoot)
    globalRoot = (await must(compute.request({ kind: 'applyOuterStep', document, globalRoot, updateRoots }))).globalRoot
    expect(globalRoot).toBe(expected.globalRoot)
    if (!evaluatesAfter(job.spec, round)) continue
    const { lossBits, correct, total } = await must(compute.request({ kind: 'evaluate', document, globalRoot }))
    expect(lossBits).toBe(expected.evaluation?.lossBits)
    expect(correct).toBeGreaterThan(0)
    expect(total).toBe(2 * 2 * 16)
  }
}

test.each(['keep', 'reset'] as const)(
  'a job done through the compute thread ends in the same state as train (%s)',
  async innerState => {
    const job = await submitJob(blobs, { innerState })
    const { documentId: document } = job.submission
    const prepared = await must(compute.request({ kind: 'prepare', document }))
    expect(prepared.job).toBe(job.submission.job)
    expect(prepared.memoryBytes).toBe(job.submission.document.cost.memoryBytes)
    await doWhole(job, place => doUnit(compute, job, place))
  },
)

/** Runs a unit until it has done so many steps, then does something to the thread that does it. */
async function interrupted(job: SubmittedJob, place: Place, after: number, interrupt: () => void) {
  const seen: number[] = []
  const options: RequestOptions = {
    onProgress: ({ done }) => {
      if (seen.push(done) === after) interrupt()
    },
  }
  return { answer: await compute.request(unitOf(job, place), options), seen }
}

test('a thread killed in the middle of every unit resumes there and ends in the same state', async () => {
  const job = await submitJob(blobs, { innerSteps: 12 })
  await doWhole(job, async place => {
    const { answer, seen } = await interrupted(job, place, 5, () => void compute.restart())
    expect(answer).toMatchObject({ ok: false, why: 'crashed', reason: 'the compute thread ended with code 1' })
    const steps: number[] = []
    const found = await must(compute.request(unitOf(job, place), { onProgress: ({ done }) => steps.push(done) }))
    expect(steps[0]).toBeGreaterThan(seen[0] as number) // not from the unit's begin
    expect(steps.at(-1)).toBe(12)
    const again = await must(compute.request(unitOf(job, place)))
    expect(found.values).toEqual(again.values)
    return found.commitment
  })
})

test('a unit that is asked to stop saves its progress and goes on from there', async () => {
  const job = await submitJob(blobs, { innerSteps: 40 })
  await doWhole(job, async place => {
    const abort = new AbortController()
    const lazily = { ...unitOf(job, place), checkpointEverySeconds: 1000 }
    const answer = await compute.request(lazily, { signal: abort.signal, onProgress: () => abort.abort() })
    expect(answer).toEqual({ ok: false, why: 'stopped' })
    const steps: number[] = []
    const found = await must(compute.request(lazily, { onProgress: ({ done }) => steps.push(done) }))
    expect(steps[0]).toBeGreaterThan(1)
    return found.commitment
  })
})

test('damaged progress costs time and nothing else', async () => {
  const job = await submitJob(blobs)
  const place = { round: 0, replica: 0, globalRoot: job.initialRoot }
  await must(compute.request({ kind: 'initialState', document: job.submission.documentId }))
  await interrupted(job, place, 3, () => compute.stop())
  for (const name of readdirSync(join(directory, 'progress'))) {
    const path = join(directory, 'progress', name)
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
  }
  const found = await doUnit(compute, job, place)
  expect(found.updateRoot).toBe(job.rounds[0]?.units[0]?.updateRoot)
  expect(readdirSync(join(directory, 'progress'))).toEqual([])
})

test('work that stays on one node reads no state again', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const { globalRoot } = await must(compute.request({ kind: 'initialState', document }))
  const units: Commitment[] = []
  for (const replica of [0, 1]) units.push(await doUnit(compute, job, { round: 0, replica, globalRoot }))
  const forgotten = [globalRoot, ...units.flatMap(({ updateRoot, newReplicaRoot }) => [updateRoot, newReplicaRoot])]
  for (const root of forgotten) await blobs.delete(root)
  const updateRoots = units.map(({ updateRoot }) => updateRoot)
  const next = await must(compute.request({ kind: 'applyOuterStep', document, globalRoot, updateRoots }))
  await blobs.delete(next.globalRoot)
  const second = await doUnit(compute, job, { round: 1, replica: 0, ...next, before: units[0] })
  expect(second.updateRoot).toBe(job.rounds[1]?.units[0]?.updateRoot)
})

test('a missing blob is named, so that it can be fetched', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const other = '5'.repeat(64) as HashHex
  expect(await compute.request({ kind: 'prepare', document: other })).toEqual({
    ok: false,
    why: 'missing',
    blob: other,
  })
  const unit = unitOf(job, { round: 0, replica: 0, globalRoot: other })
  expect(await compute.request(unit)).toEqual({ ok: false, why: 'missing', blob: other })
  await blobs.delete(job.submission.document.blobs.program)
  await compute.restart()
  const blob = job.submission.document.blobs.program
  expect(await compute.request({ kind: 'prepare', document })).toEqual({ ok: false, why: 'missing', blob })
})

test('a blob that is no state of the job is refused', async () => {
  const job = await submitJob(blobs)
  const globalRoot = job.submission.document.blobs.data
  const answer = await compute.request(unitOf(job, { round: 0, replica: 0, globalRoot }))
  expect(answer).toMatchObject({ ok: false, why: 'failed', failure: { code: 'state.form', path: globalRoot } })
})

test('a thread that cannot start says why, and the next request tries again', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, 'x')
  const other = createCompute({ blobDirectory: file, progressDirectory: directory, threads: 1 })
  const work = { kind: 'prepare', document: '5'.repeat(64) as HashHex } as const
  const reason = 'This file cannot be written.'
  expect(await other.request(work)).toEqual({ ok: false, why: 'crashed', reason })
  rmSync(file)
  expect(await other.request(work)).toMatchObject({ ok: false, why: 'missing' })
  await other.terminate()
})

test('states of another round are refused before any work goes into them', async () => {
  const job = await submitJob(blobs)
  await must(compute.request({ kind: 'initialState', document: job.submission.documentId }))
  const answer = await compute.request(unitOf(job, { round: 1, replica: 0, globalRoot: job.initialRoot }))
  expect(answer).toMatchObject({ ok: false, why: 'failed', failure: { code: 'state.counter', path: 'round' } })
})

test('a document that lies about its program is refused', async () => {
  const { document } = (await submitJob(blobs)).submission
  const cheap = { ...document, cost: { ...document.cost, operationsPerUnit: '1' } }
  const id = await blobs.write(bytesBlob(encodeJobDocument(cheap)))
  expect(await compute.request({ kind: 'prepare', document: id })).toMatchObject({
    ok: false,
    why: 'failed',
    failure: { code: 'document.refused', path: 'cost.operationsPerUnit' },
  })
  const elsewhere = await blobs.write(bytesBlob(encodeJobDocument({ ...document, initialRoot: document.salt })))
  expect(await compute.request({ kind: 'initialState', document: elsewhere })).toMatchObject({
    failure: { code: 'document.refused', path: 'initialRoot' },
  })
})

test('a job that diverges says where', async () => {
  const job = await submitJob(blobs, { learningRate: 1e6, innerSteps: 40 })
  expect(job.rounds).toEqual([])
  await must(compute.request({ kind: 'initialState', document: job.submission.documentId }))
  const answer = await compute.request(unitOf(job, { round: 0, replica: 0, globalRoot: job.initialRoot }))
  expect(answer).toMatchObject({ ok: false, why: 'diverged', diverged: { graph: 'inner' } })
})

test('what is asked for after the end is answered, and does not wait', async () => {
  await compute.terminate()
  expect(await compute.request({ kind: 'prepare', document: '5'.repeat(64) as HashHex })).toEqual({
    ok: false,
    why: 'crashed',
    reason: 'the node is stopping',
  })
})

test('requests are answered in order, those aborted before their turn without being begun', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const order: string[] = []
  const ask = (name: string, signal?: AbortSignal) =>
    compute.request({ kind: 'initialState', document }, signal && { signal }).then(answer => {
      order.push(name)
      return answer
    })
  const answers = await Promise.all([ask('first'), ask('second', AbortSignal.abort()), ask('third')])
  expect(order).toEqual(['first', 'second', 'third'])
  expect(answers[1]).toEqual({ ok: false, why: 'stopped' })
  expect(answers[2]).toEqual(answers[0])
})
