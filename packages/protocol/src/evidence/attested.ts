/** What a bundle has to say of a game about an attestation, and which games need no move. SPEC: docs/spec/evidence.md "Judging". */
import { isImpossiblePart, type UnitClaim } from '../dispute/claims.ts'
import { DIVERGED } from '../dispute/subject.ts'
import { NO_HASH } from '../settlement/hashing.ts'
import { type Audit, attestationAt } from '../settlement/works.ts'
import type { Evidence } from './bundle.ts'
import { differs, type EvidenceDifference } from './replay.ts'

type Charged = Pick<Evidence, 'anchor' | 'position' | 'part' | 'job' | 'replicas'>
type Claimed = Charged & Pick<Evidence, 'isOuter' | 'claims'>

/** The unit that a claim or an attestation is about. */
export function disputedUnit(anchor: Evidence['anchor'], position: number): Pick<Audit, 'round' | 'index'> {
  const { index = 0 } = anchor.works[position] ?? {}
  return attestationAt(anchor, position) ?? { round: anchor.round, index }
}

const hasSegment = ({ index, segment }: Audit, { job, replicas }: Charged): boolean =>
  segment <= (index < replicas ? job.checkpoints : 1)

/** Tells whether a part is of a segment. The last is followed by what the unit leaves behind; all of them are the number after it. */
export const isPartOf = (segment: number, part: number, checkpoints: number): boolean =>
  segment === checkpoints || part === segment || (segment + 1 === checkpoints && part === checkpoints)

/** Whether the challenge is about what was attested: a part of that segment. */
export function attestedDifferences(charged: Charged): EvidenceDifference[] {
  const { anchor, position, part, job, replicas } = charged
  const audit = attestationAt(anchor, position)
  if (audit === undefined) return []
  const isOf = audit.index === replicas || isPartOf(audit.segment, part, job.checkpoints)
  return differs('a part of the attested segment', true, isOf || !hasSegment(audit, charged))
}

function isImpossible({ anchor, position, isOuter, part, job, replicas, claims }: Claimed): boolean {
  // An outer step that went on from a unit that left the domain had nothing to go on from.
  if (isOuter) return anchor.globalRoot !== NO_HASH && claims.some(({ updateRoot }) => updateRoot === DIVERGED)
  if (disputedUnit(anchor, position).index >= replicas) return false
  return isImpossiblePart(job, claims[0] as UnitClaim, part)
}

/**
 * Tells whether a game is won by the charge alone: of a part of a unit of which a claim says what cannot be; of an outer step that went
 * on from a unit that left the domain; of an attestation to what cannot be, or to no segment.
 */
export function isRefutedByCharge(charged: Claimed): boolean {
  const audit = attestationAt(charged.anchor, charged.position)
  if (audit === undefined) return isImpossible(charged)
  return !hasSegment(audit, charged) || isImpossible(charged)
}
