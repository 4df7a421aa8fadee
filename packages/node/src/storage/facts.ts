/** What a node knows by name: small values that are replaced, such as how far a snapshot goes. */
import type { Database } from './sqlite.ts'

export interface Facts {
  get(key: string): Uint8Array | undefined
  set(key: string, value: Uint8Array): void
  delete(key: string): void
  /** The facts whose keys begin with a text, in the order of their keys. */
  entries(prefix?: string): readonly (readonly [key: string, value: Uint8Array])[]
}

export function openFacts(database: Database): Facts {
  const get = database.prepare('SELECT value FROM facts WHERE key = ?')
  const set = database.prepare('INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  const remove = database.prepare('DELETE FROM facts WHERE key = ?')
  // Keys are ordered by their bytes; no character of UTF-8 begins with 0xff.
  const within = database.prepare("SELECT * FROM facts WHERE key >= ? AND key < ? || CAST(x'ff' AS TEXT) ORDER BY key")
  return {
    get: key => get.get(key)?.value as Uint8Array | undefined,
    set: (key, value) => void set.run(key, value),
    delete: key => void remove.run(key),
    entries: (prefix = '') =>
      within.all(prefix, prefix).map(({ key, value }) => [key as string, value as Uint8Array] as const),
  }
}
