import { afterEach, beforeEach, expect, test } from 'vitest'
import { cleanUp } from '../network/testing/clean-up.ts'
import { listHeld, rememberHeld } from './held-data.ts'
import type { WorkerParts } from './parts.ts'
import { pinRequests } from './pin-requests.ts'
import { type TestWorker, testWorker, tinySubmission, viewOf } from './testing/test-worker.ts'

const submission = tinySubmission()
const { job, documentId } = submission
const request = { document: documentId as never, roots: [], sources: [] }

let worker: TestWorker
beforeEach(async () => {
  worker = await testWorker()
  worker.chain.set(job, viewOf(submission))
})
afterEach(cleanUp)

/** Parts with a fetcher that never ends. */
function stalling() {
  const asked: string[] = []
  const fetch = (id: string) => {
    asked.push(id)
    return new Promise<never>(() => undefined)
  }
  const { storage, blobs, chain } = worker
  const parts = { storage, blobs, fetcher: { fetch }, chain: { job: () => chain.get(job) } }
  return { parts: parts as unknown as WorkerParts, asked }
}

test('a few requests about one job are looked into at a time, and one of each sender', async () => {
  const { parts, asked } = stalling()
  const requested = pinRequests(parts)
  for (let i = 0; i < 100; i++) void requested(request, `submitter ${i % 4}`, job)
  await expect.poll(() => asked.length).toBe(4)
  for (let i = 0; i < 100; i++) void requested(request, `submitter ${i}`, job)
  await expect.poll(() => asked.length).toBe(8)
  expect(await requested(request, 'one more', job)).toBe(undefined)
})

test('held data is remembered as it was first asked for, until it is forgotten', () => {
  const pin = { job, submitter: 'first', document: documentId, roots: [documentId], sources: [] }
  rememberHeld(worker.storage, pin)
  rememberHeld(worker.storage, { ...pin, submitter: 'second' })
  expect(listHeld(worker.storage)).toEqual([pin])
})
