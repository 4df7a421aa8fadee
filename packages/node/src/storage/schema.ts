/** The tables of a node's database, and how a database of an older Cairn becomes one of this. */
import { InputError } from '@cairn/primitives'
import type { Database } from './sqlite.ts'

/**
 * One step a version, in order; `user_version` counts those that were taken. A step that was released is never changed:
 * a new one is added at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE events (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL
   ) STRICT;
   CREATE INDEX events_by_subject ON events (subject, seq);

   CREATE TABLE facts (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

   CREATE TABLE reasons (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, job TEXT NOT NULL,
     round INTEGER, replica INTEGER, node TEXT, text TEXT NOT NULL
   ) STRICT;

   CREATE TABLE pins (
     root TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (root, reason)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX pins_by_reason ON pins (reason);`,
]

const tooNew = (path: string, version: number, known: number): InputError =>
  new InputError('StorageTooNew', 'The database was written by a newer Cairn.', {
    path,
    expected: `version ${known} or older`,
    found: `version ${version}`,
    fix: 'Use the newer Cairn, or another data directory.',
  })

/** Takes the steps that a database lacks, all of them or none. Throws `InputError` (`StorageTooNew`). */
export function migrate(database: Database, steps: readonly string[] = MIGRATIONS): void {
  const read = database.prepare('PRAGMA user_version')
  database.transaction(() => {
    const version = Number(read.get()?.user_version)
    if (version > steps.length) throw tooNew(database.path, version, steps.length)
    for (const step of steps.slice(version)) database.execute(step)
    database.execute(`PRAGMA user_version = ${steps.length}`)
  })
}
