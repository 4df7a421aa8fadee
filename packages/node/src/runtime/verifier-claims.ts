/**
 * What a link and its round document say of an audited unit, and whether the unit began where it had to. A document counts as
 * far as its claims are those of the link, which the workers' accounts have signed. SPEC: docs/spec/anchors.md.
 */
import { claimHash, claimsHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Anchor,
  evaluatedClaim,
  type ProvableJob,
  type RoundDocument,
  trainedClaim,
  type Unit,
  type UnitClaim,
} from '@cairn/protocol'

type Signed =
  | { readonly commitment: RoundDocument['units'][number]['commitment'] }
  | { readonly evaluation: NonNullable<RoundDocument['evaluation']> }

/** A unit that is to be done again, as its worker claims it. */
export interface ClaimedUnit {
  readonly unit: Unit
  /** Among the works of its link. */
  readonly position: number
  readonly claim: UnitClaim
  /** As its work has it. */
  readonly claimHash: HashHex
  readonly signed: Signed
  /** Peers that should have what it began from and left behind. */
  readonly holders: readonly string[]
}

/** What the document of a round says of its units, or that of the link that closed the chain. */
export type LinkDocument = Pick<RoundDocument, 'units' | 'evaluation'>

/** Finds the unit of a work by its index; undefined where the document does not claim what the link does. */
export function claimedUnit(
  { job, round, works }: Anchor,
  { units, evaluation }: LinkDocument,
  index: number,
): ClaimedUnit | undefined {
  const position = works.findIndex(work => work.index === index)
  const work = works[position]
  const trained = units.find(({ commitment }) => commitment.unit.replica === index)
  const found: Omit<ClaimedUnit, 'position' | 'claimHash'> | undefined =
    trained !== undefined
      ? {
          unit: { job, round, replica: index, kind: 'train' },
          claim: trainedClaim(trained.commitment),
          signed: { commitment: trained.commitment },
          holders: [trained.worker, ...trained.custody.map(({ peer }) => peer)],
        }
      : evaluation && {
          unit: { job, round, replica: 0, kind: 'evaluate' },
          claim: evaluatedClaim(evaluation),
          signed: { evaluation },
          holders: [evaluation.worker, ...units.map(({ worker }) => worker)],
        }
  if (work === undefined || found === undefined || claimHash(found.claim) !== work.claim) return undefined
  return { ...found, position, claimHash: work.claim }
}

/** Claims of the replicas in a round's document, where they come to a hash that a link names. */
export function claimsOfHash({ units }: RoundDocument, hash: HashHex): UnitClaim[] | undefined {
  const claims = units.map(({ commitment }) => trainedClaim(commitment))
  return claimsHash(claims.map(claimHash)) === hash ? claims : undefined
}

/** Tells whether a unit's start depends on where the round before left its replica. */
export const needsClaimsBefore = ({ kind, round }: Unit, { isReplicaKept }: ProvableJob): boolean =>
  kind === 'train' && round > 0 && isReplicaKept

/** Tells whether a unit began from the states that it had to begin from. `before`: the claims of the round before. */
export function beganRight(
  { unit, claim }: Pick<ClaimedUnit, 'unit' | 'claim'>,
  { previousRoot, globalRoot }: Anchor,
  provable: ProvableJob,
  before: readonly UnitClaim[],
): boolean {
  if (unit.kind === 'evaluate') return claim.globalRoot === globalRoot
  const start = unit.round === 0 ? provable.initialRoot : previousRoot
  const replica = needsClaimsBefore(unit, provable) ? before[unit.replica]?.newReplicaRoot : provable.freshReplicaRoot
  return claim.globalRoot === start && claim.replicaRoot === replica
}
