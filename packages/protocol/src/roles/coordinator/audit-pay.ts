/**
 * Which attestations the next link of the chain pays for, and whether it is to wait for some. SPEC: docs/spec/audits.md
 * "Verdicts", docs/spec/network.md "Audits". What is paid stands in the links; one that became void pays nothing.
 */
import type { AuditOrder } from '../../audit/selection.ts'
import type { Audit } from '../../settlement/works.ts'
import type { Ask, AskVerdict, OrderRecord } from './audit-state.ts'
import { claimIn } from './earned.ts'
import { type UnitCourse, unsignedIn } from './redundancy-state.ts'
import type { JobRecord, RoundRecord } from './state.ts'

/** Whoever did the segment is paid, whatever the worker says then. */
const PAYABLE: ReadonlySet<AskVerdict | undefined> = new Set<AskVerdict>(['agrees', 'unrevealed', 'bad-reveal'])

/** Names an attestation that is paid. */
export const auditKey = ({ verifier, round, index }: Audit): string => `${verifier} ${round} ${index}`

/** Who did a round's units beside their workers, found the same, and has signed for it. */
const doneBeside = ({ round, courses }: RoundRecord): Audit[] =>
  [...(courses ?? [])].flatMap(([index, { agreed }]) =>
    [...(agreed ?? [])].map(([verifier, said]) => ({ verifier, round, index, ...said })),
  )

export const isPayable = ({ verdict, signed }: Ask): boolean => PAYABLE.has(verdict) && signed !== undefined

/** What an order comes to: the attestations that are to be paid. */
const earnedBy = ({ order: { round, index }, asks, outcome }: OrderRecord): Audit[] =>
  outcome === undefined
    ? []
    : asks.flatMap(ask => (isPayable(ask) ? [{ verifier: ask.verifier, round, index, ...ask.signed! }] : []))

/** Attestations that links before one pay for. PERF: looked up when a link is made, not with every event. */
const paidBefore = ({ rounds }: Pick<JobRecord, 'rounds'>, round: number): Audit[] =>
  rounds.slice(0, round).flatMap(({ audits }) => audits ?? [])

/** What is paid for an order's unit. Under redundancy others are paid for it, too, who did all of it. */
export const paidFor = (job: JobRecord, { round, index, verifiers, substitutes }: AuditOrder): Audit[] =>
  paidBefore(job, job.rounds.length)
    .filter(audit => audit.round === round && audit.index === index)
    .filter(({ verifier: by }) => !job.facts.audits?.doers || verifiers.includes(by) || substitutes.includes(by))

/**
 * Lists what the link of a round is to pay for: every attestation once, and for no unit more than the terms pay for. What somebody
 * did who was refuted elsewhere may be drawn a second time: then the second is not paid with what another unit's auditor is owed.
 */
export function dueAudits(job: JobRecord, round: number): readonly Audit[] {
  const { audits: orders = [], rounds, facts, chain } = job
  const lost = new Set<string>(chain.lostAttestations)
  const earlier = rounds.slice(0, round)
  // What was said of a unit before it was done again is of no use to the chain: it takes none to another claim, nor one that comes too late.
  const isTaken = ({ round: of, index, claim, signature }: Audit) =>
    of < earlier.length &&
    round - of <= facts.maximumUnsettled &&
    claimIn(earlier[of]!, index) === claim &&
    !lost.has(signature)
  const earned = [...earlier.flatMap(doneBeside), ...orders.flatMap(earnedBy)].filter(isTaken)
  if (earned.length === 0 || facts.audits === undefined) return []
  const paid = paidBefore(job, round)
  const keys = new Set(paid.map(auditKey))
  const fresh = [...new Map(earned.map(audit => [auditKey(audit), audit])).values()].filter(a => !keys.has(auditKey(a)))
  const { verifiers } = facts.audits
  const units = Map.groupBy([...paid, ...fresh], audit => `${audit.round} ${audit.index}`)
  const payable = new Set([...units.values()].flatMap(audits => audits.slice(0, verifiers)))
  // Another coordinator may have paid for more than that; the chain takes so many in all.
  const evaluated = rounds.slice(0, round).filter(({ evaluation }) => evaluation !== undefined).length
  const most = verifiers * (round * facts.replicas + evaluated)
  return fresh.filter(audit => payable.has(audit)).slice(0, Math.max(0, most - paid.length))
}

/** Tells whether somebody may still attest, sign or reveal: an order is open, or a round's are not drawn yet. */
export function areAuditsOpen({ audits = [], rounds, chain, facts }: JobRecord, nowMs: number): boolean {
  if (facts.audits === undefined) return false
  const { auditMs } = facts.audits
  const open = rounds.slice(chain.finalLinks, chain.anchored)
  const isAwaited = (course: UnitCourse) => unsignedIn(course).length > 0 && nowMs - (course.agreeMs ?? nowMs) < auditMs
  const isOpen = ({ beacons, courses }: RoundRecord) =>
    beacons === undefined || [...(courses?.values() ?? [])].some(isAwaited)
  return open.some(isOpen) || audits.some(({ outcome }) => outcome === undefined)
}

/** Keeps the orders that are open, and those whose pay is not final: after a rewind it is due again. */
export function withoutPaid(job: JobRecord): readonly OrderRecord[] {
  const { audits = [], rounds, chain } = job
  if (audits.every(({ outcome }) => outcome === undefined)) return audits
  const final = new Set(paidBefore({ rounds }, chain.finalLinks).map(auditKey))
  const isOver = (record: OrderRecord) =>
    record.outcome !== undefined && earnedBy(record).every(audit => final.has(auditKey(audit)))
  return audits.some(isOver) ? audits.filter(record => !isOver(record)) : audits
}

/** Forgets who did the units of rounds whose pay is final. */
export const withoutDone = ({ rounds, chain }: JobRecord): readonly RoundRecord[] =>
  rounds.map(record => {
    if (record.courses === undefined || record.round + 1 >= chain.finalLinks) return record
    const { doers: _, courses: __, ...rest } = record
    return rest
  })
