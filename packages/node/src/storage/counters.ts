/** Numbers that only grow and survive a restart: units done, messages dropped and the like. */
import type { Database } from './sqlite.ts'

export interface Counters {
  /** Adds to a counter and answers what it is then. */
  add(name: string, amount?: number): number
  /** Reads a counter; one that nobody added to is 0. */
  read(name: string): number
  all(): Readonly<Record<string, number>>
}

export function openCounters(database: Database): Counters {
  const add = database.prepare(
    'INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value',
  )
  const read = database.prepare('SELECT value FROM counters WHERE name = ?')
  const all = database.prepare('SELECT * FROM counters ORDER BY name')
  return {
    add: (name, amount = 1) => Number(add.get(name, amount)?.value),
    read: name => Number(read.get(name)?.value ?? 0),
    all: () => Object.fromEntries(all.all().map(({ name, value }) => [name as string, value as number])),
  }
}
