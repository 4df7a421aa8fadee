/**
 * The database of a node, `node.db` in its data directory. One process writes it: the data directory's lock sees to that,
 * not this file. Times are arguments, here as everywhere.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeError } from '../files/io-errors.ts'
import { type Facts, openFacts } from './facts.ts'
import { type Journal, openJournal } from './journal.ts'
import { openPins, type Pins } from './pins.ts'
import { openReasons, REASONS_KEPT, type Reasons } from './reasons.ts'
import { migrate } from './schema.ts'
import { type Database, openDatabase } from './sqlite.ts'
import { corruptStorage } from './storage-errors.ts'

export interface Storage {
  readonly journal: Journal
  readonly facts: Facts
  readonly reasons: Reasons
  readonly pins: Pins
  /** Keeps all changes that a synchronous function makes, or none where it throws. Every commit waits for the disk. */
  transaction<T>(body: () => T): T
  close(): void
}

export interface StorageOptions {
  readonly reasonsKept?: number
}

export const DATABASE = 'node.db'

/** Reads every page once, which starts are rare enough for. Throws `IntegrityError` (`CorruptStorage`). */
function assertSound(database: Database): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw corruptStorage(database.path, String(found))
}

function prepareTables(database: Database, { reasonsKept = REASONS_KEPT }: StorageOptions): Storage {
  assertSound(database)
  migrate(database)
  return {
    journal: openJournal(database),
    facts: openFacts(database),
    reasons: openReasons(database, reasonsKept),
    pins: openPins(database),
    transaction: database.transaction,
    close: database.close,
  }
}

/**
 * Opens the database in a data directory; both are made where they are missing. Throws `IntegrityError`
 * (`CorruptStorage`), `InputError` (`StorageTooNew`) and `ResourceError`.
 */
export function openStorage(directory: string, options: StorageOptions = {}): Storage {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (cause) {
    throw writeError(directory, 0, cause)
  }
  const database = openDatabase(join(directory, DATABASE))
  try {
    return prepareTables(database, options)
  } catch (error) {
    database.close()
    throw error
  }
}
