/**
 * Which attestations the next link of the chain pays for, and whether it is to wait for some. SPEC: docs/spec/audits.md
 * "Verdicts", docs/spec/network.md "Audits". What is paid stands in the links; one that became void pays nothing.
 */
import type { AuditOrder } from '../../audit/selection.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Audit } from '../../settlement/works.ts'
import type { AskVerdict, OrderRecord } from './audit-state.ts'
import type { JobRecord, RoundRecord } from './state.ts'

/** Whoever did the segment is paid, whatever the worker says then. */
const PAYABLE: ReadonlySet<AskVerdict | undefined> = new Set<AskVerdict>(['agrees', 'unrevealed', 'bad-reveal'])

/** Names an attestation that is paid. */
export const auditKey = ({ verifier, round, index }: Audit): string => `${verifier} ${round} ${index}`

/** Who did a round's units beside their workers, and found the same. */
const doneBeside = ({ round, courses }: RoundRecord): Audit[] =>
  [...(courses ?? [])].flatMap(([index, { unit }]) => {
    const paid = unit.outcome?.outcome === 'compared' ? unit.outcome.paid : []
    return paid.map(verifier => ({ verifier, round, index }))
  })

/** What an order comes to: the attestations that are to be paid. */
const earnedBy = ({ order: { round, index }, asks, outcome }: OrderRecord): Audit[] =>
  outcome === undefined
    ? []
    : asks.filter(({ verdict }) => PAYABLE.has(verdict)).map(({ verifier }) => ({ verifier, round, index }))

/** Attestations that links before one pay for. PERF: looked up when a link is made, not with every event. */
const paidBefore = ({ rounds }: Pick<JobRecord, 'rounds'>, round: number): Audit[] =>
  rounds.slice(0, round).flatMap(({ audits }) => audits ?? [])

/** Accounts that are paid for attesting to an order's unit. Under redundancy those of others are, who did all of it. */
export const paidFor = (job: JobRecord, { round, index, verifiers, substitutes }: AuditOrder): Account[] =>
  paidBefore(job, job.rounds.length)
    .filter(audit => audit.round === round && audit.index === index)
    .map(({ verifier }) => verifier)
    .filter(account => !job.facts.audits?.doers || verifiers.includes(account) || substitutes.includes(account))

/** Lists what the link of a round is to pay for: every attestation once, and no more than the chain takes. */
export function dueAudits(job: JobRecord, round: number): readonly Audit[] {
  const { audits: orders = [], rounds, facts } = job
  const audited = orders.flatMap(earnedBy).filter(audit => audit.round < round)
  const earned = [...rounds.slice(0, round).flatMap(doneBeside), ...audited]
  if (earned.length === 0 || facts.audits === undefined) return []
  const paid = paidBefore(job, round)
  const keys = new Set(paid.map(auditKey))
  const fresh = [...new Map(earned.map(audit => [auditKey(audit), audit])).values()].filter(a => !keys.has(auditKey(a)))
  const evaluated = rounds.slice(0, round).filter(({ evaluation }) => evaluation !== undefined).length
  const most = facts.audits.verifiers * (round * facts.replicas + evaluated)
  return fresh.slice(0, Math.max(0, most - paid.length))
}

/** Tells whether somebody may still attest or reveal: an order is open, or a round's are not drawn yet. */
export function areAuditsOpen({ audits = [], rounds, chain, facts }: JobRecord): boolean {
  if (facts.audits === undefined) return false
  const undrawn = rounds.slice(chain.finalLinks, chain.anchored).some(({ beacons }) => beacons === undefined)
  return undrawn || audits.some(({ outcome }) => outcome === undefined)
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
