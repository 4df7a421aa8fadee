/**
 * What a doer has found and is to challenge, on its disk: a node that was killed answers again with the same seal, and opens
 * the game that it owes.
 */
import { decodeCanonical, encodeCanonical, type HashHex } from '@cairn/primitives'
import type { Commitment, JobId, Unit } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

type Facts = Pick<Storage, 'facts'>

/** A unit that was done beside its worker. */
export interface DoerFinding {
  readonly commitment: Commitment
  /** Of the seal. */
  readonly salt: Uint8Array
}

/** A unit that was done here: whoever anchors another result is to answer for it. */
export interface DoerChallenge {
  readonly unit: Unit
  /** The last link in which the unit was challenged, and which part of it; absent before. */
  readonly challenged?: { readonly head: HashHex; readonly part: number }
}

const [FINDINGS, CHALLENGES] = ['doer/done/', 'doer/challenge/']
const placeOf = ({ job, round, replica }: Unit): string => `${job}/${String(round).padStart(8, '0')}/${replica}`

/** Why a doer keeps what a unit begins from; of the jobs' reasons, so that it ends with its job. */
export const doerReason = ({ job, round, replica }: Unit): string => `job/${job}/doer/${round}/${replica}`

const read = <T>({ facts }: Facts, key: string): T | undefined => {
  const bytes = facts.get(key)
  return bytes && (decodeCanonical(bytes) as unknown as T)
}

export const readFinding = (storage: Facts, unit: Unit): DoerFinding | undefined =>
  read<DoerFinding>(storage, FINDINGS + placeOf(unit))

export const writeFinding = ({ facts }: Facts, finding: DoerFinding): void =>
  facts.set(FINDINGS + placeOf(finding.commitment.unit), encodeCanonical(finding))

export const writeChallenge = ({ facts }: Facts, challenge: DoerChallenge): void =>
  facts.set(CHALLENGES + placeOf(challenge.unit), encodeCanonical(challenge))

export const listChallenges = ({ facts }: Facts): DoerChallenge[] =>
  facts.entries(CHALLENGES).map(([, bytes]) => decodeCanonical(bytes) as unknown as DoerChallenge)

/** Lists the jobs that something is known of. */
export const doerJobs = ({ facts }: Facts): JobId[] => [
  ...new Set([FINDINGS, CHALLENGES].flatMap(at => facts.entries(at).map(([key]) => key.split('/')[2] as JobId))),
]

/** Forgets units of rounds before `round`, and lets go of their blobs. */
export function forgetDoer({ facts, pins }: Pick<Storage, 'facts' | 'pins'>, job: JobId, round: number): void {
  for (const place of [FINDINGS, CHALLENGES])
    for (const [key] of facts.entries(`${place}${job}/`)) {
      const [at, replica] = key.split('/').slice(3).map(Number)
      if (at === undefined || replica === undefined || at >= round) continue
      facts.delete(key)
      pins.release(doerReason({ job, round: at, replica, kind: 'train' }))
    }
}
