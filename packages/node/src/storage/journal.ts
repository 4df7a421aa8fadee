/**
 * What happened, in order: the events that the state of an event-sourced role is computed from. It is only ever appended
 * to (and cut off at its old end), and what was appended in one transaction is there as a whole or not at all.
 */
import type { Database, Row } from './sqlite.ts'

interface JournalEvent {
  readonly atMs: number
  /** Whose history it belongs to, for example a job. */
  readonly subject: string
  readonly body: Uint8Array
}

interface JournalEntry extends JournalEvent {
  /** Counts from 1 without a gap, over all subjects. */
  readonly seq: number
}

interface JournalRange {
  /** Entries up to this one are left out. */
  readonly after?: number
  readonly subject?: string
}

export interface Journal {
  /** Answers the entry's number. */
  append(event: JournalEvent): number
  /** Reads in order; entries that are appended meanwhile are read as well. */
  read(range?: JournalRange): Iterable<JournalEntry>
  /** The number of the last entry, 0 when there is none. */
  lastSeq(): number
  /** Deletes a subject's entries up to a number: what they led to is kept elsewhere. The last entry always stays. */
  prune(subject: string, upTo: number): void
}

/** How many entries are in memory at once. */
const PAGE = 256

const entryOf = ({ seq, at_ms, subject, body }: Row): JournalEntry => ({
  seq: seq as number,
  atMs: at_ms as number,
  subject: subject as string,
  body: body as Uint8Array,
})

export function openJournal(database: Database): Journal {
  const insert = database.prepare('INSERT INTO events (at_ms, subject, body) VALUES (?, ?, ?)')
  // The newest row stays, or SQLite would give its number again.
  const drop = database.prepare(
    'DELETE FROM events WHERE subject = ? AND seq <= ? AND seq < (SELECT max(seq) FROM events)',
  )
  const last = database.prepare('SELECT max(seq) AS seq FROM events')
  const page = database.prepare(`SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ${PAGE}`)
  const pageOf = database.prepare(`SELECT * FROM events WHERE seq > ? AND subject = ? ORDER BY seq LIMIT ${PAGE}`)
  return {
    append: ({ atMs, subject, body }) => insert.run(atMs, subject, body),
    *read({ after = 0, subject } = {}) {
      let seq = after
      for (;;) {
        const rows = subject === undefined ? page.all(seq) : pageOf.all(seq, subject)
        yield* rows.map(entryOf)
        if (rows.length < PAGE) return
        seq = rows.at(-1)?.seq as number
      }
    },
    prune: (subject, upTo) => void drop.run(subject, upTo),
    lastSeq: () => Number(last.get()?.seq ?? 0),
  }
}
