/**
 * Rounds: opened, closed when every unit is committed, agreed when the committing workers report one root.
 * SPEC: protocol.md section 2 "Outer step"; docs/decisions/0004-network.md "Rounds overlap".
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import type { Peer } from '../events.ts'
import { openUnit, type UnitRecord } from '../unit-machine.ts'
import { changeJob, changeRound, type Draft, isLive, jobOf, note, shortPeer } from './draft.ts'
import { endAfter } from './end.ts'
import { committersOf } from './outer-signatures.ts'
import type { JobRecord, Report, ReportOutcome, RoundRecord } from './state.ts'

/** Opens the next round of a job. */
export function openRound(draft: Draft, id: JobId, round: number, reason: string): void {
  changeJob(draft, id, job => {
    const unit = (replica: number) => openUnit({ job: id, round, replica, kind: 'train' }, draft.nowMs, reason)
    const record: RoundRecord = {
      round,
      openedMs: draft.nowMs,
      units: Array.from({ length: job.facts.replicas }, (_, replica) => unit(replica)),
      reports: new Map(),
      toldMs: new Map(),
    }
    return { ...job, rounds: [...job.rounds, record] }
  })
}

const isDone = ({ state }: UnitRecord): boolean => state === 'committed' || state === 'settled'

/** The lowest replica's divergence ends the job, as it would in one process. */
export function divergedUnit({ units }: RoundRecord): UnitRecord | undefined {
  return units.find(({ outcome }) => outcome?.kind === 'diverged')
}

/** Closes the newest round when all its units are committed. */
export function closeWhenDone(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const newest = job?.rounds.at(-1)
  if (job === undefined || job.ended || job.ending || newest === undefined || newest.closedMs !== undefined) return
  if (!newest.units.every(isDone)) return
  const { round } = newest
  changeRound(draft, id, round, r => ({ ...r, closedMs: draft.nowMs }))
  note(draft, `round ${round} is closed: all ${job.facts.replicas} units are committed`, { job: id, round })
  const isLast = divergedUnit(newest) !== undefined || round + 1 === job.facts.rounds
  if (!isLast) openRound(draft, id, round + 1, `round ${round} is closed`)
}

/** Tells whether what an account said of a round's outer step was proven wrong. */
const isOuterRefuted = ({ chain }: JobRecord, round: number, account: string): boolean =>
  chain.wrongs.some(wrong => wrong.isOuter && wrong.round === round && wrong.account === account)

/** Records what a node found by applying the outer step, once. SAFETY: who took no part in the job has no say in it. */
export function addReport(draft: Draft, id: JobId, round: number, peer: Peer, report: Report): void {
  const job = jobOf(draft, id)
  const record = job?.rounds[round]
  if (job === undefined || record?.closedMs === undefined || record.reports.has(peer)) return
  const isCommitter = committersOf(record).includes(peer)
  if (!job.participants.has(peer) && !isCommitter) return
  if (isOuterRefuted(job, round, draft.state.nodes.get(peer)?.account ?? '')) return
  const first = isCommitter ? { firstReportMs: record.firstReportMs ?? draft.nowMs } : {}
  changeRound(draft, id, round, r => ({ ...r, ...first, reports: new Map(r.reports).set(peer, report) }))
  const { globalRoot } = record
  const { outcome } = report
  const agrees = 'globalRoot' in outcome && outcome.globalRoot === globalRoot
  if (globalRoot === undefined || agrees) return
  note(draft, `${shortPeer(peer)} reports another global state than was agreed; it is out of step`, {
    job: id,
    round,
    node: peer,
  })
}

const reportText = (report: ReportOutcome): string =>
  'globalRoot' in report ? report.globalRoot : `diverged at ${report.diverged.graph} ${report.diverged.operator}`

/** The round whose units are done and whose root is not agreed yet. */
const roundToAgree = ({ rounds }: JobRecord): RoundRecord | undefined =>
  rounds.slice(-2).find(r => r.closedMs !== undefined && r.globalRoot === undefined)

/**
 * Tells whether others that did the round have reported so long ago that a node which has not is not waited for any more:
 * it may be alive and yet unable to, or unwilling.
 */
function isOverdue({ state, nowMs }: Draft, { closedMs = 0, firstReportMs }: RoundRecord): boolean {
  if (firstReportMs === undefined) return false
  const { shortestLeaseMs, leaseFactor } = state.settings
  return nowMs >= firstReportMs + shortestLeaseMs + leaseFactor * (firstReportMs - closedMs)
}

/** What most owners report; of as many on both sides, what came first. A wrong one is challenged once it is anchored. */
function mostReported({ state }: Draft, voices: readonly (readonly [Peer, Report])[]): ReportOutcome | undefined {
  const owners = new Map<string, Set<string>>()
  for (const [peer, { outcome }] of voices) {
    const said = reportText(outcome)
    owners.set(said, (owners.get(said) ?? new Set()).add(state.nodes.get(peer)?.owner ?? peer))
  }
  const count = ({ outcome }: Report): number => owners.get(reportText(outcome))?.size ?? 0
  const most = Math.max(...voices.map(([, report]) => count(report)))
  return voices.find(([, report]) => count(report) === most)?.[1].outcome
}

/** Agrees on a closed round's root when every committing worker that is alive has reported the same, or is overdue. */
export function agreeWhenReported(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const record = job && roundToAgree(job)
  if (job === undefined || job.ended || record === undefined) return
  if (job.ending !== undefined && record.round >= job.ending.round) return
  const { round, reports } = record
  const committers = committersOf(record)
  const missing = committers.filter(peer => !reports.has(peer))
  const isWaiting = !isOverdue(draft, record) && missing.some(peer => isLive(draft, peer))
  // Others may say what they found, but who did the round answers for it.
  const voices = [...reports].filter(([peer]) => committers.includes(peer))
  const isSplit = new Set(voices.map(([, { outcome }]) => reportText(outcome))).size > 1
  const who = voices.map(([peer, { outcome }]) => `${shortPeer(peer)}: ${reportText(outcome).slice(0, 16)}`)
  const split = `workers disagree on the state after round ${round} (${who.join(', ')})`
  if (isSplit && job.facts.unitBond === 0n) {
    // Nobody could be shown to be wrong.
    endAfter(draft, id, { round, outcome: 'failed', reason: split })
    return
  }
  const report = mostReported(draft, voices)
  if (report === undefined || isWaiting) return
  if (isSplit)
    note(draft, `${split}; what most owners report is anchored, and the others can challenge it`, { job: id, round })
  for (const node of missing)
    note(draft, `${shortPeer(node)} has not reported; the others agree without it`, { job: id, round, node })
  agree(draft, job, record, report)
}

/** Says where a round left the domain: in a unit, or in its outer step. */
function divergedText(record: RoundRecord, report: Extract<ReportOutcome, { diverged: unknown }>): string {
  const outcome = divergedUnit(record)?.outcome
  const { graph, operator, step } = outcome?.kind === 'diverged' ? outcome.divergence : report.diverged
  const what = outcome === undefined ? 'the outer step of round' : 'round'
  return `${what} ${record.round} left the domain at ${graph} ${operator}${step === undefined ? '' : `, step ${step}`}`
}

function agree(draft: Draft, job: JobRecord, record: RoundRecord, report: ReportOutcome): void {
  const id = job.facts.job
  const { round, reports } = record
  if ('diverged' in report) {
    endAfter(draft, id, { round, outcome: 'diverged', reason: divergedText(record, report) })
    return
  }
  const globalRoot: HashHex = report.globalRoot
  changeRound(draft, id, round, r => ({
    ...r,
    globalRoot,
    ...(job.facts.evaluatesAfter[round]
      ? {
          evaluation: openUnit(
            { job: id, round, replica: 0, kind: 'evaluate' },
            draft.nowMs,
            `round ${round} is agreed`,
          ),
        }
      : {}),
  }))
  const count = reports.size
  note(draft, `round ${round} is agreed: ${count} ${count === 1 ? 'node reports' : 'nodes report'} one root`, {
    job: id,
    round,
  })
}
