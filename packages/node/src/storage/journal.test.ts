import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8 } from '@cairn/primitives'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStorage, type Storage } from './open-storage.ts'

let directory: string
let storage: Storage

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'cairn-test-')), 'data')
  storage = openStorage(directory)
})

afterEach(() => storage.close())

const event = (atMs: number, subject = 'job', body = encodeUtf8(`at ${atMs}`)) => ({ atMs, subject, body })

describe('the journal', () => {
  test('gives back what was appended, in order, from any entry on, after a restart as well', () => {
    expect([storage.journal.lastSeq(), ...storage.journal.read()]).toEqual([0])
    expect([event(5), event(3, 'other'), event(9)].map(storage.journal.append)).toEqual([1, 2, 3])
    storage.close()
    storage = openStorage(directory)
    expect([...storage.journal.read()]).toEqual([
      { seq: 1, ...event(5) },
      { seq: 2, ...event(3, 'other') },
      { seq: 3, ...event(9) },
    ])
    expect([...storage.journal.read({ after: 1, subject: 'job' })]).toEqual([{ seq: 3, ...event(9) }])
    expect(storage.journal.lastSeq()).toBe(3)
  })

  test('keeps any bytes, none included', () => {
    const bodies = [new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(100_000).fill(7)]
    for (const body of bodies) storage.journal.append(event(0, '', body))
    expect([...storage.journal.read()].map(({ body }) => body)).toEqual(bodies)
  })

  test('is read in pages that a reader does not notice, by two readers at once', () => {
    storage.transaction(() => {
      for (let at = 1; at <= 1000; at++) storage.journal.append(event(at, at % 2 === 0 ? 'even' : 'odd'))
    })
    let pairs = 0
    for (const { seq } of storage.journal.read({ subject: 'even' })) {
      const [next] = storage.journal.read({ after: seq - 1 })
      expect(next?.seq).toBe(seq)
      pairs += 1
    }
    expect(pairs).toBe(500)
    expect([...storage.journal.read()].map(({ seq }) => seq)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  })
})

describe('a transaction', () => {
  const failing = () => {
    storage.journal.append(event(2))
    storage.facts.set('half', Uint8Array.of(1))
    throw new Error('in the middle')
  }

  test('keeps events and facts together', () => {
    const answer = storage.transaction(() => {
      storage.facts.set('snapshot', Uint8Array.of(1))
      return storage.journal.append(event(1))
    })
    expect([answer, storage.journal.lastSeq(), storage.facts.get('snapshot')]).toEqual([1, 1, Uint8Array.of(1)])
  })

  test('that fails keeps nothing, and the next one works', () => {
    expect(() => storage.transaction(failing)).toThrow('in the middle')
    expect([storage.journal.lastSeq(), storage.facts.get('half')]).toEqual([0, undefined])
    expect(storage.transaction(() => storage.journal.append(event(1)))).toBe(1)
  })

  test('inside another may fail alone', () => {
    storage.transaction(() => {
      storage.journal.append(event(1))
      expect(() => storage.transaction(failing)).toThrow('in the middle')
      storage.transaction(() => storage.journal.append(event(3)))
    })
    expect([...storage.journal.read()].map(({ atMs }) => atMs)).toEqual([1, 3])
    expect(storage.facts.get('half')).toBe(undefined)
  })

  test('refuses an asynchronous function and keeps nothing of it', () => {
    const wait = async () => storage.journal.append(event(1))
    expect(() => storage.transaction(wait)).toThrow(expect.objectContaining({ code: 'AsyncTransaction' }))
    expect(storage.journal.lastSeq()).toBe(0)
  })
})
