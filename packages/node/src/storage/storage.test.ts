import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8 } from '@cairn/primitives'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStorage, type Storage, type StorageOptions } from './open-storage.ts'

let directory: string
let storage: Storage

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'cairn-test-')), 'data')
  storage = openStorage(directory)
})

afterEach(() => storage.close())

function reopen(options?: StorageOptions): void {
  storage.close()
  storage = openStorage(directory, options)
}

test('facts are replaced, deleted and listed by the beginning of their keys', () => {
  for (const key of ['é', 'job/2', 'job/1', 'jobs', 'job/é', '%']) storage.facts.set(key, encodeUtf8(key))
  storage.facts.set('jobs', new Uint8Array(0))
  reopen()
  expect(storage.facts.entries('job/').map(([key]) => key)).toEqual(['job/1', 'job/2', 'job/é'])
  expect(storage.facts.entries('%')).toEqual([['%', encodeUtf8('%')]])
  expect(storage.facts.entries()).toHaveLength(6)
  expect(storage.facts.get('jobs')).toEqual(new Uint8Array(0))
  for (let times = 0; times < 2; times++) storage.facts.delete('jobs')
  expect(storage.facts.get('jobs')).toBe(undefined)
})

describe('reasons', () => {
  const about = (round: number, replica: number, node: string, job = 'a') => ({
    atMs: round,
    job,
    round,
    replica,
    node,
  })

  test('are found by what they are about, the newest last', () => {
    const given = [about(1, 0, 'x'), about(1, 1, 'y'), about(2, 0, 'x'), about(2, 0, 'x', 'b')]
    given.forEach((one, i) => storage.reasons.add({ ...one, text: `because ${i}` }))
    storage.reasons.add({ atMs: 9, job: 'a', text: 'no node is free' })
    const found = (...[query]: Parameters<Storage['reasons']['find']>) =>
      storage.reasons.find(query).map(({ text }) => text.split(' ').at(-1))
    expect(found({ job: 'a' })).toEqual(['0', '1', '2', 'free'])
    expect(found({ job: 'a', round: 1, replica: 1 })).toEqual(['1'])
    expect(found({ node: 'x' })).toEqual(['0', '2', '3'])
    expect(found({ job: 'a', limit: 2 })).toEqual(['2', 'free'])
    expect(storage.reasons.find({ limit: 1 })).toEqual([{ atMs: 9, job: 'a', text: 'no node is free' }])
  })

  test('go when there are too many, the oldest first', () => {
    reopen({ reasonsKept: 3 })
    for (let round = 0; round < 10; round++) storage.reasons.add({ ...about(round, 0, 'x'), text: '' })
    expect(storage.reasons.find().map(({ round }) => round)).toEqual([7, 8, 9])
  })
})

test('a blob is pinned while any reason for it is left', () => {
  const { pins } = storage
  pins.pin('r1', 'job a', 2)
  pins.pin('r1', 'round 7', 1)
  pins.pin('r1', 'job a', 3)
  pins.pin('r2', 'job a', 2)
  expect(pins.reasonsOf('r1')).toEqual(['round 7', 'job a'])
  expect(pins.unpinned(['r3', 'r2', 'r1', 'r0'])).toEqual(['r3', 'r0'])
  pins.release('job a')
  expect(pins.unpinned(['r1', 'r2'])).toEqual(['r2'])
  for (let times = 0; times < 2; times++) pins.unpin('r1', 'round 7')
  expect(pins.unpinned(['r1', 'r2'])).toEqual(['r1', 'r2'])
})
