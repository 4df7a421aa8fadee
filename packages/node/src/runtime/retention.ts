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
/** A blob that nothing refers to may just have been written by the compute thread, which says so when it is done. */
const GRACE_MS = 60_000
const ENDED = 'ended/'
const JOBS = 'job/'

/** Names why a blob is kept. */
export const roundReason = (job: JobId, round: number): string => `${JOBS}${job}/round/${round}`
/** Checkpoints inside a unit: until it is known which of them an audit begins from. */
export const checkpointReason = (job: JobId, round: number, replica: number): string =>
  `${JOBS}${job}/checkpoints/${round}/${replica}`
export const dataReason = (job: JobId): string => `${JOBS}${job}/data`

/** Lists jobs that blobs are kept for. */
export function pinnedJobs({ pins }: Pick<Storage, 'pins'>): JobId[] {
  const jobs = pins.reasonsFrom(JOBS).map(reason => reason.slice(JOBS.length).split('/')[0] as JobId)
  return [...new Set(jobs)]
}

/** Lets go of rounds that nothing needs after `anchored`. */
export function releaseRounds({ pins }: Pick<Storage, 'pins'>, job: JobId, anchored: number): void {
  const rounds = roundReason(job, 0).slice(0, -1)
  for (const reason of pins.reasonsFrom(rounds))
    if (Number(reason.slice(rounds.length)) <= anchored - ROUNDS_KEPT) pins.release(reason)
}

/** Makes what deletes blobs that nothing refers to, and has not for a while. */
export function createCollector(
  { pins }: Pick<Storage, 'pins'>,
  blobs: Pick<BlobStore, 'list' | 'delete'>,
): (nowMs: number) => Promise<void> {
  let suspects: ReadonlyMap<string, number> = new Map()
  return async nowMs => {
    const ids = (await blobs.list()).map(({ id }) => id)
    const since = new Map(pins.unpinned(ids).map(id => [id, suspects.get(id) ?? nowMs]))
    suspects = since
    for (const id of ids) {
      const isOld = nowMs - (since.get(id) ?? nowMs) >= GRACE_MS
      // Asked again in the turn of the deletion: while others were deleted, somebody may have come to need it.
      if (isOld && pins.unpinned([id]).length > 0) await blobs.delete(id)
    }
  }
}

/** Notes that a job is over; its blobs stay for a day. */
export function noteEnd({ facts }: Pick<Storage, 'facts'>, job: JobId, nowMs: number): void {
  if (!isEndNoted({ facts }, job)) facts.set(ENDED + job, new TextEncoder().encode(JSON.stringify({ atMs: nowMs })))
}

export const isEndNoted = ({ facts }: Pick<Storage, 'facts'>, job: JobId): boolean =>
  facts.get(ENDED + job) !== undefined

/** Lets go of all that belongs to jobs that ended long ago. */
export function releaseEnded({ facts, pins }: Pick<Storage, 'facts' | 'pins'>, nowMs: number): void {
  for (const [key, value] of facts.entries(ENDED)) {
    const { atMs } = JSON.parse(new TextDecoder().decode(value)) as { atMs: number }
    if (nowMs - atMs < KEPT_AFTER_END_MS) continue
    for (const reason of pins.reasonsFrom(`${JOBS}${key.slice(ENDED.length)}/`)) pins.release(reason)
    facts.delete(key)
  }
}
