/**
 * Jobs whose data this node holds for their submitters: said again after a restart, since the submitter may be gone and
 * no coordinator may have heard it yet.
 */
import { decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { JobId, Pin } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

const HELD = 'held/'

/** PERF: a fact waits for the disk, and whoever asks again and again, stranger or not, is answered each time. */
export function rememberHeld({ facts }: Pick<Storage, 'facts'>, pin: Pin): void {
  if (facts.get(HELD + pin.job) === undefined) facts.set(HELD + pin.job, encodeCanonical(pin))
}

export function listHeld({ facts }: Pick<Storage, 'facts'>): Pin[] {
  return facts.entries(HELD).map(([, bytes]) => decodeCanonical(bytes) as unknown as Pin)
}

export function forgetHeld({ facts }: Pick<Storage, 'facts'>, job: JobId): void {
  facts.delete(HELD + job)
}
