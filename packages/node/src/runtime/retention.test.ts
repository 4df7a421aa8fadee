import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobId } from '@cairn/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStorage, type Storage } from '../storage/open-storage.ts'
import {
  createCollector,
  dataReason,
  noteEnd,
  pinnedJobs,
  releaseEnded,
  releaseRounds,
  roundReason,
} from './retention.ts'

const DAY_MS = 24 * 3600 * 1000
const [job, other] = ['a'.repeat(64), 'b'.repeat(64)] as [JobId, JobId]

let directory: string
let storage: Storage
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cairn-retention-'))
  storage = openStorage(directory)
})
afterEach(() => {
  storage.close()
  rmSync(directory, { recursive: true })
})

const pin = (...reasons: readonly string[]) => {
  for (const reason of reasons) storage.pins.pin(`blob of ${reason}`, reason, 0)
}

test('jobs that blobs are kept for are listed, each once', () => {
  pin('something else', dataReason(job), roundReason(job, 1), roundReason(other, 12))
  expect(pinnedJobs(storage)).toEqual([job, other])
})

test('all rounds long before the anchored one go, however long nothing was heard', () => {
  pin(...[0, 3, 9, 10, 11].map(round => roundReason(job, round)), roundReason(other, 0), dataReason(job))
  releaseRounds(storage, job, 11)
  const rest = [dataReason(job), roundReason(job, 10), roundReason(job, 11), roundReason(other, 0)]
  expect(storage.pins.reasonsFrom('job/')).toEqual(rest)
})

test('a job that ended keeps all for a day from when that was first noted, and nothing after it', () => {
  pin(dataReason(job), roundReason(job, 1234), dataReason(other))
  noteEnd(storage, job, 0)
  noteEnd(storage, job, DAY_MS - 1)
  releaseEnded(storage, DAY_MS - 1)
  expect(pinnedJobs(storage)).toEqual([job, other])
  releaseEnded(storage, DAY_MS)
  expect(pinnedJobs(storage)).toEqual([other])
})

describe('the collector', () => {
  const disk = new Set<string>()
  const collect = () =>
    createCollector(storage, {
      list: async () => [...disk].map(id => ({ id: id as never, sizeBytes: 1 })),
      delete: async id => {
        disk.delete(id)
        // Whoever comes to need the next one meanwhile keeps it.
        storage.pins.pin('late', 'needed', 0)
      },
    })

  test('deletes what nothing has referred to for a while, looking as often as it may', async () => {
    disk.clear()
    for (const id of ['pinned', 'written', 'late', 'new']) if (id !== 'new') disk.add(id)
    storage.pins.pin('pinned', 'needed', 0)
    const run = collect()
    for (const nowMs of [0, 1, 59_999]) await run(nowMs)
    expect([...disk]).toEqual(['pinned', 'written', 'late'])
    disk.add('new')
    await run(60_000)
    expect([...disk]).toEqual(['pinned', 'late', 'new'])
  })
})
