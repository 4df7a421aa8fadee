/**
 * How long blobs stay. States and updates of a round are needed until the round after it is anchored; the last rounds of
 * a job that is over stay for a day, so that its submitter can fetch weights and check units.
 */
import type { JobId } from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { Storage } from '../storage/open-storage.ts'

/** Rounds before the anchored one whose blobs stay: inputs of its units. */
const ROUNDS_KEPT = 2
const KEPT_AFTER_END_MS = 24 * 3600 * 1000
const ENDED = 'ended/'

/** Names why a blob is kept. */
export const roundReason = (job: JobId, round: number): string => `job/${job}/round/${round}`
export const dataReason = (job: JobId): string => `job/${job}/data`

/** Lets go of rounds that nothing needs after `anchored`. */
export function releaseRounds({ pins }: Pick<Storage, 'pins'>, job: JobId, anchored: number): void {
  for (let round = anchored - ROUNDS_KEPT; round >= 0 && round > anchored - ROUNDS_KEPT - 4; round--)
    pins.release(roundReason(job, round))
}

/**
 * Makes what deletes blobs that nothing refers to. A blob goes only when it was unreferenced twice in a row: one that the
 * compute thread has just written is referred to a moment later.
 */
export function createCollector(storage: Pick<Storage, 'pins'>, blobs: BlobStore): () => Promise<void> {
  let suspects: ReadonlySet<string> = new Set()
  return async () => {
    const known = await blobs.list()
    const unpinned = storage.pins.unpinned(known.map(({ id }) => id))
    const again = unpinned.filter(id => suspects.has(id))
    suspects = new Set(unpinned)
    for (const id of again) await blobs.delete(id as (typeof known)[number]['id'])
  }
}

/** Notes that a job is over; its blobs stay for a day. */
export function noteEnd({ facts }: Pick<Storage, 'facts'>, job: JobId, rounds: number, nowMs: number): void {
  if (facts.get(ENDED + job) === undefined)
    facts.set(ENDED + job, new TextEncoder().encode(JSON.stringify({ rounds, atMs: nowMs })))
}

/** Lets go of all that belongs to jobs that ended long ago. */
export function releaseEnded({ facts, pins }: Pick<Storage, 'facts' | 'pins'>, nowMs: number): void {
  for (const [key, value] of facts.entries(ENDED)) {
    const { rounds, atMs } = JSON.parse(new TextDecoder().decode(value)) as { rounds: number; atMs: number }
    if (nowMs - atMs < KEPT_AFTER_END_MS) continue
    const job = key.slice(ENDED.length) as JobId
    pins.release(dataReason(job))
    for (let round = 0; round <= rounds; round++) pins.release(roundReason(job, round))
    facts.delete(key)
  }
}
