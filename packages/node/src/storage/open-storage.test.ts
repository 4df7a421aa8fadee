import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IntegrityError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { DATABASE, openStorage } from './open-storage.ts'
import { MIGRATIONS, migrate } from './schema.ts'
import { openDatabase } from './sqlite.ts'
import { storageError } from './storage-errors.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

function filled(): string {
  const directory = fresh()
  const storage = openStorage(directory)
  storage.transaction(() => {
    for (let at = 0; at < 2000; at++)
      storage.journal.append({ atMs: at, subject: 'job', body: new Uint8Array(100).fill(at) })
  })
  storage.close()
  return directory
}

const DAMAGE: Readonly<Record<string, (path: string) => void>> = {
  'is something else': path =>
    writeFileSync(path, 'not a database at all, but long enough to be read as one'.repeat(99)),
  'was cut short': path => truncateSync(path, 100_000),
  'was overwritten in the middle': path => writeFileSync(path, readFileSync(path).fill(0xa5, 40_960, 90_000)),
}

test.each(Object.entries(DAMAGE))('a database that %s is refused, with the way out', (_, damage) => {
  const directory = filled()
  const path = join(directory, DATABASE)
  damage(path)
  const open = () => openStorage(directory)
  expect(open).toThrow(IntegrityError)
  const fix = expect.stringContaining(`move ${path} and the files`)
  expect(open).toThrow(expect.objectContaining({ code: 'CorruptStorage', path, fix }))
})

test('a data directory that cannot be made says why', () => {
  const path = join(fresh(), 'file')
  writeFileSync(path, '')
  expect(() => openStorage(join(path, 'data'))).toThrow(expect.objectContaining({ code: 'NotWritable' }))
  expect(() => openDatabase(fresh())).toThrow(expect.objectContaining({ code: 'NotWritable' }))
})

test('every commit waits for the disk', () => {
  const database = openDatabase(join(fresh(), DATABASE))
  expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' })
  expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 })
  database.close()
})

test('a database is brought up to date step by step, each step once, all or none', () => {
  const database = openDatabase(join(fresh(), DATABASE))
  const steps = ['CREATE TABLE a (x)', 'CREATE TABLE b (x); INSERT INTO b VALUES (1)']
  migrate(database, steps.slice(0, 1))
  expect(() => migrate(database, [...steps, 'CREATE TABLE c (x); CREATE TABLE a (x)'])).toThrow('already exists')
  for (let times = 0; times < 2; times++) migrate(database, steps)
  expect(database.prepare('SELECT count(*) AS n FROM b').get()?.n).toBe(1)
  expect(() => database.prepare('SELECT * FROM c')).toThrow('no such table')
  database.close()
})

test('a database of a newer Cairn is left alone', () => {
  const directory = filled()
  const database = openDatabase(join(directory, DATABASE))
  database.execute(`PRAGMA user_version = ${MIGRATIONS.length + 1}`)
  database.close()
  const found = `version ${MIGRATIONS.length + 1}`
  expect(() => openStorage(directory)).toThrow(expect.objectContaining({ code: 'StorageTooNew', found }))
})

test('a lock that another program holds is waited for, then named', () => {
  const path = join(fresh(), DATABASE)
  const [one, other] = [openDatabase(path), openDatabase(path)]
  other.execute('PRAGMA busy_timeout = 20')
  const write = () => other.transaction(() => undefined)
  one.transaction(() => expect(write).toThrow(expect.objectContaining({ code: 'StorageBusy', path })))
  write()
  one.close()
  other.close()
})

test('opening says nothing of SQLite being new, and hides no other warning', () => {
  const module = JSON.stringify(new URL('./open-storage.ts', import.meta.url).href)
  const program = `import { openStorage } from ${module}
    openStorage(${JSON.stringify(fresh())}).close()
    process.emitWarning('something else')`
  const flags = ['--experimental-strip-types', '--input-type=module', '--eval', program]
  const { status, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('something else') })
  expect(stderr).not.toContain('SQLite')
})

test('what SQLite refuses is told apart by its code', () => {
  const refused = (errcode: number) =>
    storageError('f', Object.assign(new Error('m'), { code: 'ERR_SQLITE_ERROR', errcode }))
  const codes = [13, 8 | (3 << 8), 10 | (1 << 8), 11, 1].map(code => (refused(code) as { code: string }).code)
  expect(codes).toEqual(['DiskFull', 'NotWritable', 'NotWritable', 'CorruptStorage', 'StorageFailed'])
  const other = new Error('of somebody else')
  expect(storageError('f', other)).toBe(other)
})
