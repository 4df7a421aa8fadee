import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8, hashToHex, sha256 as portable, ResourceError } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { fileStore } from './file-store.ts'
import { sha256 } from './hash.ts'
import { writeError } from './io-errors.ts'
import { assertUnlocked, lockDirectory } from './lock.ts'
import { writeWhole } from './read-write.ts'
import { LOCK } from './run-directory.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

test('Node’s SHA-256 is the portable one', () => {
  const parts = [encodeUtf8('a'), encodeUtf8(''), new Uint8Array(5000).fill(7)]
  expect(hashToHex(sha256(...parts))).toBe(hashToHex(portable(...parts)))
})

describe('a file', () => {
  test('is replaced as a whole and leaves nothing beside it', async () => {
    const directory = fresh()
    const path = join(directory, 'file')
    await writeWhole(path, encodeUtf8('old'))
    await writeWhole(path, encodeUtf8('n'), encodeUtf8('ew'))
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(directory)).toEqual(['file'])
  })

  test('that cannot be written says why', async () => {
    const path = join(fresh(), 'missing', 'file')
    await expect(writeWhole(path, encodeUtf8('x'))).rejects.toMatchObject({ code: 'NotWritable', path })
    const full = writeError(path, 2048, Object.assign(new Error('no space'), { code: 'ENOSPC' }))
    expect(full).toBeInstanceOf(ResourceError)
    expect(full).toMatchObject({
      code: 'DiskFull',
      expected: 'room for 2 KiB',
      fix: expect.stringContaining('--resume'),
    })
  })
})

test('the store keeps records and blobs, and a blob that is not there is undefined', async () => {
  const store = fileStore(fresh())
  const hash = hashToHex(sha256(encodeUtf8('x')))
  expect(await store.readRecord()).toBe(undefined)
  await store.writeRecord(Uint8Array.of(1, 2))
  expect(await store.readRecord()).toEqual(Uint8Array.of(1, 2))
  expect(await store.readBlob('state', hash)).toBe(undefined)
  await store.writeBlob('state', hash, [Uint8Array.of(1), Uint8Array.of(2)])
  expect(await store.readBlob('state', hash)).toEqual(Uint8Array.of(1, 2))
  expect(await store.readBlob('update', hash)).toBe(undefined)
  for (let times = 0; times < 2; times++) await store.deleteBlob('state', hash)
  expect(await store.readBlob('state', hash)).toBe(undefined)
})

describe('a lock', () => {
  const left = (directory: string, owner: object) => writeFileSync(join(directory, LOCK), JSON.stringify(owner))

  test('is there until it is released', () => {
    const directory = fresh()
    const lock = lockDirectory(directory)
    expect(lock.tookOverFrom).toBe(undefined)
    expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'DirectoryLocked' }))
    lock.release()
    expect(readdirSync(directory)).toEqual([])
    lockDirectory(directory).release()
  })

  test('of a living process holds, of a dead one is taken over', () => {
    const directory = fresh()
    left(directory, { pid: process.ppid, host: hostname(), began: '' })
    expect(() => assertUnlocked(directory)).toThrow(expect.objectContaining({ found: `process ${process.ppid}` }))
    left(directory, { pid: 2 ** 22 + 1, host: hostname(), began: '' })
    assertUnlocked(directory)
    const lock = lockDirectory(directory)
    expect(lock.tookOverFrom).toBe(2 ** 22 + 1)
    lock.release()
    expect(readdirSync(directory)).toEqual([])
  })

  test.runIf(existsSync('/proc/self/stat'))('of a process whose number was given to another is taken over', () => {
    const directory = fresh()
    left(directory, { pid: process.ppid, host: hostname(), began: '1' })
    expect(lockDirectory(directory).tookOverFrom).toBe(process.ppid)
  })

  test('that cannot be read is taken over; one of another machine holds', () => {
    const directory = fresh()
    writeFileSync(join(directory, LOCK), '')
    lockDirectory(directory).release()
    left(directory, { pid: 2 ** 22 + 1, host: 'another-machine', began: '' })
    expect(() => lockDirectory(directory)).toThrow(
      expect.objectContaining({ fix: expect.stringContaining('remove the lock') }),
    )
  })
})
