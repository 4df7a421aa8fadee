/**
 * Units that this node has done and not yet forgotten: after a restart the same lease is answered at once, and what was
 * signed is never signed otherwise.
 */
import { decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { Evaluation, JobId, SaltedCommitment, StepValues, Unit } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

/** What opens what was signed about the steps of a unit. */
export interface StepSecrets {
  /** Never used for another unit. */
  readonly salt: Uint8Array
  /** Of every step. */
  readonly values: readonly StepValues[]
}

export interface DoneUnit extends StepSecrets {
  readonly commitment: SaltedCommitment
}

export interface DoneEvaluation extends StepSecrets {
  readonly evaluation: Evaluation
}

const keyOf = ({ job, round, replica, kind }: Unit): string =>
  `done/${job}/${String(round).padStart(8, '0')}/${kind === 'train' ? replica : kind}`

export function rememberDone({ facts }: Pick<Storage, 'facts'>, done: DoneUnit | DoneEvaluation): void {
  const { unit } = 'commitment' in done ? done.commitment : done.evaluation
  facts.set(keyOf(unit), encodeCanonical(done))
}

const find = <Done>({ facts }: Pick<Storage, 'facts'>, unit: Unit): Done | undefined => {
  const bytes = facts.get(keyOf(unit))
  return bytes && (decodeCanonical(bytes) as unknown as Done)
}

export const findDone = (storage: Pick<Storage, 'facts'>, unit: Unit): DoneUnit | undefined =>
  find<DoneUnit>(storage, unit)

export const findEvaluation = (storage: Pick<Storage, 'facts'>, unit: Unit): DoneEvaluation | undefined =>
  find<DoneEvaluation>(storage, unit)

/** Forgets units of rounds before `round`. */
export function forgetDone({ facts }: Pick<Storage, 'facts'>, job: JobId, round = Number.MAX_SAFE_INTEGER): void {
  for (const [key] of facts.entries(`done/${job}/`)) if (Number(key.split('/')[2]) < round) facts.delete(key)
}
