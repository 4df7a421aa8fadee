/** What every account has earned with a job: what its anchors say, from which the contract counts, too. */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../../dispute/claims.ts'
import { type Account, type Counts, earnedIn, NO_HASH, type Work } from '../../settlement.ts'
import { claimsOfWork, type RoundWork, worksOf } from '../../work-claims.ts'
import { evaluationOf, workOf } from '../unit-machine.ts'
import { signaturesOf } from './outer-signatures.ts'
import type { JobRecord, RoundRecord } from './state.ts'

/** Gathers the work that a round's anchor pays for, or the link that closes the chain in that round: what was committed. */
function workIn(record: RoundRecord): RoundWork {
  const units = record.units.flatMap(unit => workOf(unit) ?? [])
  const outers = record.outers ?? signaturesOf(record)
  const outcome = evaluationOf(record.evaluation)
  if (record.globalRoot === undefined || outcome === undefined) return { units, outers }
  const { evaluation, claim } = outcome
  return { units, outers, evaluation: { evaluation, claim, index: record.units.length } }
}

/** Hash of what is claimed now of one of a round's units. */
export function claimIn({ units, evaluation }: RoundRecord, index: number): HashHex | undefined {
  const outcome = index < units.length ? workOf(units[index] ?? {}) : evaluationOf(evaluation)
  return outcome?.claim
}

/** Lists the works of a round's anchor. */
export const worksIn = (record: RoundRecord): Work[] => worksOf(workIn(record))

/** Lists what they claim, in their order. */
export const shownClaims = (record: RoundRecord): UnitClaim[] => claimsOfWork(workIn(record))

/** Counts the work in what is anchored of a job, by account. `own` is the account of this coordinator. */
export function earnedCounts(
  { rounds, chain, facts, closingAudits = [] }: JobRecord,
  own: string,
): ReadonlyMap<Account, Counts> {
  const { job } = facts
  const nothing = { previousHead: NO_HASH, previousRoot: NO_HASH, previousClaims: NO_HASH, documentId: NO_HASH }
  const links = rounds.slice(0, chain.anchored).map(record => {
    const { round, coordinator = own, globalRoot = NO_HASH, audits = [] } = record
    const about = { job, ...nothing, globalRoot, coordinator: coordinator as Account, round }
    return { anchor: { ...about, works: worksIn(record), audits }, isClosing: false }
  })
  const cut = rounds[chain.anchored]
  const end = { job, ...nothing, globalRoot: NO_HASH, coordinator: own as Account, round: chain.anchored }
  const works = cut ? worksIn(closingRecord(cut)) : []
  const closing = chain.isEnded ? [{ anchor: { ...end, works, audits: closingAudits }, isClosing: true }] : []
  return earnedIn([...links, ...closing], facts.replicas)
}

/**
 * Work of the round in which a job was cut short. The link that closes the chain leads to no root: it has no evaluation, and
 * of the outer steps those that left the domain. Where the evaluation did, it leads to the state that was evaluated, as the whole round.
 */
export function closingRecord({ outers: _, ...record }: RoundRecord): RoundRecord {
  const { evaluation, globalRoot: __, ...rest } = record
  const isWhole = record.units.every(unit => workOf(unit) !== undefined) && signaturesOf(record).length > 0
  return isWhole && evaluationOf(evaluation)?.evaluation.diverged ? record : rest
}
