import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { assertUnlocked, LOCK, lockDirectory } from './lock.ts'

const FIX = 'Stop the other node, or choose another --data.'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))
const left = (directory: string, owner: object) => writeFileSync(join(directory, LOCK), JSON.stringify(owner))
const NOBODY = 2 ** 22 + 1

function refusal(directory: string): InputError {
  try {
    lockDirectory(directory, FIX)
  } catch (error) {
    return error as InputError
  }
  throw new Error('The lock was given.')
}

test('a lock is there until it is released', () => {
  const directory = fresh()
  const lock = lockDirectory(directory, FIX)
  expect(lock.tookOverFrom).toBe(undefined)
  expect(refusal(directory)).toBeInstanceOf(InputError)
  expect(refusal(directory)).toMatchObject({ code: 'DirectoryLocked', path: join(directory, LOCK), fix: FIX })
  lock.release()
  expect(readdirSync(directory)).toEqual([])
  lockDirectory(directory, FIX).release()
})

test('a lock of a living process holds, of a dead one is taken over', () => {
  const directory = fresh()
  left(directory, { pid: process.ppid, host: hostname(), began: '' })
  expect(() => assertUnlocked(directory, FIX)).toThrow(expect.objectContaining({ found: `process ${process.ppid}` }))
  left(directory, { pid: NOBODY, host: hostname(), began: '' })
  assertUnlocked(directory, FIX)
  const lock = lockDirectory(directory, FIX)
  expect(lock.tookOverFrom).toBe(NOBODY)
  lock.release()
  expect(readdirSync(directory)).toEqual([])
})

test.runIf(existsSync('/proc/self/stat'))('a lock whose process number was given to another is taken over', () => {
  const directory = fresh()
  left(directory, { pid: process.ppid, host: hostname(), began: '1' })
  expect(lockDirectory(directory, FIX).tookOverFrom).toBe(process.ppid)
})

test('a lock that cannot be read is taken over; one of another machine holds', () => {
  const directory = fresh()
  writeFileSync(join(directory, LOCK), '')
  lockDirectory(directory, FIX).release()
  left(directory, { pid: NOBODY, host: 'another-machine', began: '' })
  expect(refusal(directory).fix).toBe(`${FIX} If it is gone, remove the lock file.`)
})
