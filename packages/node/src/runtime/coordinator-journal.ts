/**
 * The coordinator's memory: every event that changed its state, appended before anything is done about it, and now and
 * then the whole state, so that a restart reads little. Values are structured clones: they never leave this machine.
 */
import { deserialize, serialize } from 'node:v8'
import {
  type CoordinatorEvent,
  type CoordinatorSettings,
  type CoordinatorState,
  emptyCoordinator,
  tickCoordinator,
} from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

interface JournalledEvent {
  readonly event: CoordinatorEvent
  readonly nowMs: number
  readonly seed: number
}

export interface CoordinatorJournal {
  readonly state: CoordinatorState
  /** Keeps events and, when due, the state they led to. Returns once they are on the disk. */
  append(events: readonly JournalledEvent[], state: CoordinatorState): void
}

const SUBJECT = 'coordinator'
const SNAPSHOT = 'coordinator/snapshot'
const EVENTS_PER_SNAPSHOT = 500

interface Snapshot {
  readonly seq: number
  readonly state: CoordinatorState
}

/** Opens the journal and replays what came after the last snapshot. */
export function openCoordinatorJournal(storage: Storage, settings: CoordinatorSettings): CoordinatorJournal {
  const bytes = storage.facts.get(SNAPSHOT)
  const snapshot = bytes && (deserialize(bytes) as Snapshot)
  let restored: CoordinatorState = { ...(snapshot?.state ?? emptyCoordinator(settings)), settings }
  // PERF: the state grows with a job; writing it costs no more in all than the events that it replaces.
  let [since, sinceBytes, snapshotBytes] = [0, 0, bytes?.length ?? 0]
  for (const { body } of storage.journal.read({ subject: SUBJECT, after: snapshot?.seq ?? 0 })) {
    const { event, nowMs, seed } = deserialize(body) as JournalledEvent
    restored = tickCoordinator(restored, event, nowMs, seed).state
    since++
  }
  return {
    state: restored,
    append(events, state) {
      storage.transaction(() => {
        for (const entry of events) {
          const body = serialize(entry)
          storage.journal.append({ atMs: entry.nowMs, subject: SUBJECT, body })
          sinceBytes += body.length
        }
        since += events.length
        if (since < EVENTS_PER_SNAPSHOT || sinceBytes < snapshotBytes) return
        const seq = storage.journal.lastSeq()
        const snapshot = serialize({ seq, state } satisfies Snapshot)
        storage.facts.set(SNAPSHOT, snapshot)
        storage.journal.prune(SUBJECT, seq)
        ;[since, sinceBytes, snapshotBytes] = [0, 0, snapshot.length]
      })
    },
  }
}
