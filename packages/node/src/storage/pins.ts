/**
 * Which blobs are needed, and what for. A blob is kept while anything refers to it and may be deleted afterwards; whoever
 * deletes asks in the same turn of the event loop, so that no pin comes between.
 */
import type { Database } from './sqlite.ts'

export interface Pins {
  /** Says that a blob is needed. The same reason counts once, from when it was first given. */
  pin(root: string, reason: string, atMs: number): void
  /** Takes one reason back. */
  unpin(root: string, reason: string): void
  /** Takes a reason back from all blobs. */
  release(reason: string): void
  reasonsOf(root: string): readonly string[]
  /** Lists reasons that begin with a text, each once, in their order. */
  reasonsFrom(prefix: string): readonly string[]
  /** Those of the given blobs that nothing needs any more, in the given order. */
  unpinned(roots: Iterable<string>): readonly string[]
}

export function openPins(database: Database): Pins {
  const pin = database.prepare('INSERT INTO pins VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const unpin = database.prepare('DELETE FROM pins WHERE root = ? AND reason = ?')
  const release = database.prepare('DELETE FROM pins WHERE reason = ?')
  const reasons = database.prepare('SELECT reason FROM pins WHERE root = ? ORDER BY at_ms, reason')
  // Reasons are ordered by their bytes; no character of UTF-8 begins with 0xff.
  const within = database.prepare(
    "SELECT DISTINCT reason FROM pins WHERE reason >= ? AND reason < ? || CAST(x'ff' AS TEXT) ORDER BY reason",
  )
  const any = database.prepare('SELECT 1 FROM pins WHERE root = ? LIMIT 1')
  return {
    pin: (root, reason, atMs) => void pin.run(root, reason, atMs),
    unpin: (root, reason) => void unpin.run(root, reason),
    release: reason => void release.run(reason),
    reasonsOf: root => reasons.all(root).map(({ reason }) => reason as string),
    reasonsFrom: prefix => within.all(prefix, prefix).map(({ reason }) => reason as string),
    unpinned: roots => [...roots].filter(root => any.get(root) === undefined),
  }
}
