/**
 * What a link says of an audited unit, and whether the unit began where it had to. What is claimed is read from the chain; the
 * round's document says no more than who may have the states. SPEC: docs/spec/anchors.md.
 */
import type { HashHex } from '@cairn/primitives'
import {
  type Anchor,
  claimedSegment,
  type ProvableJob,
  type RoundDocument,
  type Unit,
  type UnitClaim,
  type UnitSchedule,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'

/** A unit that is to be done again, as its worker claims it. */
export interface ClaimedUnit {
  readonly unit: Unit
  /** Among the works of its link. */
  readonly position: number
  readonly claim: UnitClaim
  /** As its work has it. */
  readonly claimHash: HashHex
  /** Peers that should have what it began from and left behind; none, where nobody says who they are. */
  readonly holders: readonly string[]
}

/** What the document of a round says of its units, or that of the link that closed the chain. */
export type LinkDocument = Pick<RoundDocument, 'units' | 'evaluation'>

/** Who did a unit and who keeps it, as a document says. */
function holdersOf({ units, evaluation }: LinkDocument, index: number): string[] {
  const trained = units.find(({ commitment }) => commitment.unit.replica === index)
  if (trained !== undefined) return [trained.worker, ...trained.custody.map(({ peer }) => peer)]
  return [...(evaluation ? [evaluation.worker] : []), ...units.map(({ worker }) => worker)]
}

/** Finds the unit of a work by its index, of which the chain was shown what it claims. Undefined where the link has none. */
export function claimedUnit(
  { job, round, works }: Anchor,
  {
    claims,
    document,
    replicas,
  }: { claims: readonly UnitClaim[]; document?: LinkDocument | undefined; replicas: number },
  index: number,
): ClaimedUnit | undefined {
  const position = works.findIndex(work => work.index === index)
  const [work, claim] = [works[position], claims[position]]
  if (work === undefined || claim === undefined) return undefined
  const unit: Unit =
    index < replicas ? { job, round, replica: index, kind: 'train' } : { job, round, replica: 0, kind: 'evaluate' }
  return { unit, position, claim, claimHash: work.claim, holders: document ? holdersOf(document, index) : [] }
}

/** What a claimed unit says of a segment of it. */
export const segmentClaim = ({ unit, claim, claimHash }: ClaimedUnit, schedule: UnitSchedule, segment: number) =>
  claimedSegment(sha256, {
    ...{ claim: claimHash, schedule, segment },
    ...(unit.kind === 'train' ? { commitment: { unit, ...claim } } : { evaluation: claim }),
  })

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
