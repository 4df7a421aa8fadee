/**
 * SQLite as the node uses it: `node:sqlite` behind five functions, with its failures turned into errors that say what to
 * do. Everything is synchronous, so that a transaction can hold no foreign work.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { InternalError } from '@cairn/primitives'
import { storageError } from './storage-errors.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

interface Statement {
  /** Answers the row id of what was inserted last. */
  run(...values: readonly SQLInputValue[]): number
  get(...values: readonly SQLInputValue[]): Row | undefined
  all(...values: readonly SQLInputValue[]): readonly Row[]
}

export interface Database {
  readonly path: string
  execute(sql: string): void
  prepare(sql: string): Statement
  /** Runs a synchronous function whose changes are kept together or, when it throws, not at all. May be nested. */
  transaction<T>(body: () => T): T
  close(): void
}

const isAboutSqlite = (warning: string | Error): boolean =>
  String(warning).includes('SQLite is an experimental feature')

/** Loads the module without the warning that Node 22 prints for it; every other warning gets through. */
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!isAboutSqlite(warning)) Reflect.apply(emitWarning, process, [warning, ...rest])
  }) as typeof process.emitWarning
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

function settings(nested: number): { begin: string; commit: string; rollback: string } {
  if (nested === 0) return { begin: 'BEGIN IMMEDIATE', commit: 'COMMIT', rollback: 'ROLLBACK' }
  const name = `nested_${nested}`
  return { begin: `SAVEPOINT ${name}`, commit: `RELEASE ${name}`, rollback: `ROLLBACK TO ${name}; RELEASE ${name}` }
}

/** A transaction that awaits would hold what others do meanwhile, too. */
function assertSynchronous(result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => undefined)
  throw new InternalError('AsyncTransaction', 'A transaction was given an asynchronous function.')
}

function transactions(execute: (sql: string) => void): Database['transaction'] {
  let depth = 0
  return body => {
    const { begin, commit, rollback } = settings(depth)
    execute(begin)
    depth += 1
    try {
      const result = body()
      assertSynchronous(result)
      execute(commit)
      return result
    } catch (error) {
      try {
        execute(rollback)
      } catch {
        // SQLite has rolled back by itself already, as it does on a full disk: the first error says why.
      }
      throw error
    } finally {
      depth -= 1
    }
  }
}

function statement(raw: DatabaseSync, guarded: <T>(work: () => T) => T, sql: string): Statement {
  const prepared = guarded(() => raw.prepare(sql))
  return {
    run: (...values) => guarded(() => Number(prepared.run(...values).lastInsertRowid)),
    get: (...values) => guarded(() => prepared.get(...values)),
    all: (...values) => guarded(() => prepared.all(...values)),
  }
}

/**
 * SAFETY: FULL, not NORMAL. In WAL mode NORMAL loses no consistency but may lose the last commits in a power cut, and a
 * node must never forget what it has said: one that signs a second, different commitment after it came back looks
 * exactly like a cheater. The price is one wait for the disk a transaction, so what belongs together shares one.
 */
const PRAGMAS = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA journal_size_limit = 67108864;`

/** Opens a database file, which is made where there is none. Throws `IntegrityError`, `ResourceError`. */
export function openDatabase(path: string): Database {
  const { DatabaseSync } = loadSqlite()
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw storageError(path, cause)
    }
  }
  const raw = guarded(() => new DatabaseSync(path))
  const execute = (sql: string) => guarded(() => raw.exec(sql))
  try {
    execute(PRAGMAS)
  } catch (error) {
    raw.close()
    throw error
  }
  return {
    path,
    execute,
    prepare: sql => statement(raw, guarded, sql),
    transaction: transactions(execute),
    close: () => guarded(() => raw.close()),
  }
}
