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
import type { JobRecord, ReportOutcome, RoundRecord } from './state.ts'

/** Opens the next round of a job. */
export function openRound(draft: Draft, id: JobId, round: number, reason: string): void {
  changeJob(draft, id, job => {
    const unit = (replica: number) => openUnit({ job: id, round, replica, kind: 'train' }, draft.nowMs, reason)
    const record: RoundRecord = {
      round,
      units: Array.from({ length: job.facts.replicas }, (_, replica) => unit(replica)),
      reports: new Map(),
      toldMs: new Map(),
    }
    return { ...job, rounds: [...job.rounds, record] }
  })
}

const isDone = ({ state }: UnitRecord): boolean => state === 'committed' || state === 'settled'

/** The nodes whose commitments stand in a round. */
export function committersOf({ units }: RoundRecord): Peer[] {
  const workers = units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment.worker] : []))
  return [...new Set(workers)]
}

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
  const diverged = divergedUnit(newest)?.outcome
  if (diverged?.kind === 'diverged') {
    const { graph, operator, step } = diverged.divergence
    const reason = `round ${round} left the domain at ${graph} ${operator}, step ${step}`
    endAfter(draft, id, { round, outcome: 'diverged', reason })
  } else if (round + 1 < job.facts.rounds) openRound(draft, id, round + 1, `round ${round} is closed`)
}

/** Records what a node found by applying the outer step. SAFETY: who took no part in the job has no say in it. */
export function addReport(draft: Draft, id: JobId, round: number, peer: Peer, outcome: ReportOutcome): void {
  const job = jobOf(draft, id)
  const record = job?.rounds[round]
  if (job === undefined || record?.closedMs === undefined || record.reports.has(peer)) return
  if (!job.participants.has(peer) && !committersOf(record).includes(peer)) return
  const { firstReportMs = draft.nowMs } = record
  changeRound(draft, id, round, r => ({ ...r, firstReportMs, reports: new Map(r.reports).set(peer, outcome) }))
  const { globalRoot } = record
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
  rounds.slice(-2).find(r => r.closedMs !== undefined && r.globalRoot === undefined && divergedUnit(r) === undefined)

/**
 * Tells whether others have reported so long ago that a node which has not is not waited for any more: it may be alive
 * and yet unable to, or unwilling.
 */
function isOverdue({ state: { settings }, nowMs }: Draft, { closedMs = 0, firstReportMs }: RoundRecord): boolean {
  if (firstReportMs === undefined) return false
  return nowMs >= firstReportMs + settings.shortestLeaseMs + settings.leaseFactor * (firstReportMs - closedMs)
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
  const own = [...reports].filter(([peer]) => committers.includes(peer))
  // Others speak for a round only when nobody is left who did it.
  const voices = isWaiting || own.length > 0 ? own : [...reports]
  const [report] = voices.map(([, outcome]) => outcome)
  if (new Set(voices.map(([, outcome]) => reportText(outcome))).size > 1) {
    const who = voices.map(([peer, report]) => `${shortPeer(peer)}: ${reportText(report).slice(0, 16)}`)
    const reason = `workers disagree on the state after round ${round} (${who.join(', ')})`
    endAfter(draft, id, { round, outcome: 'failed', reason })
    return
  }
  if (report === undefined || isWaiting) return
  for (const node of missing)
    note(draft, `${shortPeer(node)} has not reported; the others agree without it`, { job: id, round, node })
  agree(draft, job, record, report)
}

function agree(draft: Draft, job: JobRecord, { round, reports }: RoundRecord, report: ReportOutcome): void {
  const id = job.facts.job
  if ('diverged' in report) {
    const { graph, operator } = report.diverged
    const reason = `the outer step of round ${round} left the domain at ${graph} ${operator}`
    endAfter(draft, id, { round, outcome: 'diverged', reason })
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
