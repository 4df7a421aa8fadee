/**
 * Units that this node has done and not yet forgotten: after a restart the same lease is answered at once, and what was
 * signed is never signed otherwise.
 */
import { decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { JobId, SaltedCommitment, Unit } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

export interface DoneUnit {
  readonly commitment: SaltedCommitment
  /** Of its steps; never used for another unit. */
  readonly salt: Uint8Array
}

const keyOf = ({ job, round, replica }: Pick<Unit, 'job' | 'round' | 'replica'>): string =>
  `done/${job}/${String(round).padStart(8, '0')}/${replica}`

export function rememberDone({ facts }: Pick<Storage, 'facts'>, done: DoneUnit): void {
  facts.set(keyOf(done.commitment.unit), encodeCanonical(done))
}

export function findDone({ facts }: Pick<Storage, 'facts'>, unit: Unit): DoneUnit | undefined {
  const bytes = facts.get(keyOf(unit))
  return bytes && (decodeCanonical(bytes) as unknown as DoneUnit)
}

/** Forgets units of rounds before `round`. */
export function forgetDone({ facts }: Pick<Storage, 'facts'>, job: JobId, round = Number.MAX_SAFE_INTEGER): void {
  for (const [key] of facts.entries(`done/${job}/`)) if (Number(key.split('/')[2]) < round) facts.delete(key)
}
