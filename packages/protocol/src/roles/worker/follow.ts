/** Outer steps: every worker applies one to each closed round, signs what it came to and reports it. */
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress, SignedCommitment } from '../../messages.ts'
import { DIVERGED_ROOT, type JobId } from '../../units.ts'
import { areSameClaims } from '../same-claims.ts'
import { changeJob, type Draft, ensure, jobOf, note, setBusy } from './draft.ts'
import { ensurePrepared } from './prepare.ts'
import type { ClosedRound, SignedReport, WorkerJob } from './state.ts'

/** Rounds a worker remembers behind the newest closed one: enough to repeat a report that was lost. */
const REMEMBERED = 3

function withoutOld<T>(map: ReadonlyMap<number, T>, newest: number): Map<number, T> {
  return new Map([...map].filter(([round]) => round > newest - REMEMBERED))
}

/** Forgets what was found of a round and those after it: a rewind has come in between, and other units are in it now. */
function withoutRounds({ heads, closed, reports, ...job }: WorkerJob, from: number): WorkerJob {
  const before = <T>(map: ReadonlyMap<number, T>, end: number) => new Map([...map].filter(([round]) => round < end))
  return { ...job, heads: before(heads, from + 1), closed: before(closed, from), reports: before(reports, from) }
}

export function onClosed(draft: Draft, id: JobId, closed: ClosedRound): void {
  const { body, claims } = closed
  const known = jobOf(draft, id)?.closed.get(body.round)
  if (known !== undefined && !areSameClaims(known.claims, claims))
    changeJob(draft, id, job => withoutRounds(job, body.round))
  changeJob(draft, id, job => ({
    ...job,
    closed: withoutOld(new Map(job.closed).set(body.round, closed), body.round),
    heads: withoutOld(job.heads, body.round),
    reports: withoutOld(job.reports, body.round),
  }))
  const report = jobOf(draft, id)?.reports.get(body.round)
  if (report !== undefined) sendReport(draft, id, body.round, report)
}

function sendReport(draft: Draft, id: JobId, round: number, { outcome, signature }: SignedReport): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  changeJob(draft, id, old => ({
    ...old,
    reports: new Map(old.reports).set(round, { outcome, signature, sentMs: draft.nowMs, isNoted: false }),
  }))
  const body = { round, outcome, signature }
  draft.effects.push({ effect: 'send', to: job.coordinator, job: id, kind: 'report', body })
}

/** Where a round's update can be fetched: from its worker and its custodians, or whoever has fetched it since. */
function sourcesOfUpdate({ worker, custody }: SignedCommitment, sources: readonly PeerAddress[]): PeerAddress[] {
  const keepers = [worker, ...custody.map(({ peer }) => peer)]
  const others = sources.filter(({ peer }) => !keepers.includes(peer))
  // In a large round not all are among the sources; presence may have said where they are.
  return [...keepers.map(peer => sources.find(source => source.peer === peer) ?? { peer, addresses: [] }), ...others]
}

/** Starts the outer step of the oldest closed round that was not reported, once its inputs are here. */
export function follow(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const due = [...(job?.closed.values() ?? [])].filter(({ body }) => !job?.reports.has(body.round))
  const next = due.sort((a, b) => a.body.round - b.body.round)[0]
  if (draft.nowMs < (job?.followAfterMs ?? 0)) return
  if (job === undefined || next === undefined || !ensurePrepared(draft, id, next.body.sources)) return
  const { round, startRoot, sources, units, diverged } = next.body
  const updateOf = (unit: SignedCommitment) => {
    return { root: unit.commitment.updateRoot, peers: () => sourcesOfUpdate(unit, sources) }
  }
  const isDiverged = hasDiverged(next.body)
  const wanted = isDiverged ? [] : [{ root: startRoot, peers: () => sources }, ...units.map(updateOf)]
  if (!ensure(draft, id, round, wanted) || draft.state.busy !== undefined) return
  setBusy(draft, { job: id, work: 'outer', round, lease: 0 })
  const updates = units.map(({ commitment }) => commitment.updateRoot)
  const step = { job: id, round, startRoot, updates, claims: next.claims }
  draft.effects.push({ effect: 'outer', ...step, ...(isDiverged && diverged ? { diverged } : {}) })
}

/** SAFETY: the units say it, each signed by its worker; what a coordinator says alone would be signed for nothing. */
const hasDiverged = ({ units, diverged }: ClosedRound['body']): boolean =>
  diverged !== undefined && units.some(({ commitment }) => commitment.updateRoot === DIVERGED_ROOT)

/** Takes in what the outer step came to. */
export function onApplied(
  draft: Draft,
  id: JobId,
  round: number,
  report: SignedReport | { readonly failed: string },
  claims: readonly HashHex[],
): void {
  setBusy(draft, undefined)
  if ('failed' in report) {
    note(draft, `the outer step of round ${round} failed and is tried again: ${report.failed}`, { job: id, round })
    const followAfterMs = draft.nowMs + draft.state.settings.retryMs
    changeJob(draft, id, job => ({ ...job, blobs: new Map(), followAfterMs }))
    return
  }
  const { outcome } = report
  const closed = jobOf(draft, id)?.closed.get(round)
  if (closed !== undefined && !areSameClaims(closed.claims, claims)) return // of units that a rewind has voided
  if ('globalRoot' in outcome) {
    const { globalRoot } = outcome
    changeJob(draft, id, job => ({
      ...job,
      heads: new Map(job.heads).set(round + 1, globalRoot),
      blobs: new Map(job.blobs).set(globalRoot, 'here'),
    }))
  }
  sendReport(draft, id, round, report)
}

/** Repeats reports that nobody has noted. */
export function tendReports(draft: Draft, id: JobId): void {
  for (const [round, report] of jobOf(draft, id)?.reports ?? [])
    if (!report.isNoted && draft.nowMs - report.sentMs >= draft.state.settings.resendMs)
      sendReport(draft, id, round, report)
}

export function onReportNoted(draft: Draft, id: JobId, round: number): void {
  const report = jobOf(draft, id)?.reports.get(round)
  if (report === undefined) return
  changeJob(draft, id, job => ({ ...job, reports: new Map(job.reports).set(round, { ...report, isNoted: true }) }))
}
