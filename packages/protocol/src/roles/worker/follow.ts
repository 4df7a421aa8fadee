import type { PeerAddress, SignedCommitment } from '../../messages.ts'
import type { JobId } from '../../units.ts'
import { changeJob, type Draft, ensure, jobOf, note, setBusy } from './draft.ts'
import { ensurePrepared } from './prepare.ts'
import type { ClosedBody, ReportOutcome } from './state.ts'

/** Rounds a worker remembers behind the newest closed one: enough to repeat a report that was lost. */
const REMEMBERED = 3

function withoutOld<T>(map: ReadonlyMap<number, T>, newest: number): Map<number, T> {
  return new Map([...map].filter(([round]) => round > newest - REMEMBERED))
}

export function onClosed(draft: Draft, id: JobId, body: ClosedBody): void {
  changeJob(draft, id, job => ({
    ...job,
    closed: withoutOld(new Map(job.closed).set(body.round, body), body.round),
    heads: withoutOld(job.heads, body.round),
    reports: withoutOld(job.reports, body.round),
  }))
  const report = jobOf(draft, id)?.reports.get(body.round)
  if (report !== undefined) sendReport(draft, id, body.round, report.outcome)
}

function sendReport(draft: Draft, id: JobId, round: number, outcome: ReportOutcome): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  changeJob(draft, id, old => ({
    ...old,
    reports: new Map(old.reports).set(round, { outcome, sentMs: draft.nowMs, isNoted: false }),
  }))
  draft.effects.push({ effect: 'send', to: job.coordinator, job: id, kind: 'report', body: { round, outcome } })
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
  const due = [...(job?.closed.values() ?? [])].filter(({ round }) => !job?.reports.has(round))
  const next = due.sort((a, b) => a.round - b.round)[0]
  if (draft.nowMs < (job?.followAfterMs ?? 0)) return
  if (job === undefined || next === undefined || !ensurePrepared(draft, id, next.sources)) return
  const { round, startRoot, sources, units } = next
  const updateOf = (unit: SignedCommitment) => {
    return { root: unit.commitment.updateRoot, peers: () => sourcesOfUpdate(unit, sources) }
  }
  const wanted = [{ root: startRoot, peers: () => sources }, ...units.map(updateOf)]
  if (!ensure(draft, id, round, wanted) || draft.state.busy !== undefined) return
  setBusy(draft, { job: id, work: 'outer', round, lease: 0 })
  const updates = units.map(({ commitment }) => commitment.updateRoot)
  draft.effects.push({ effect: 'outer', job: id, round, startRoot, updates })
}

/** Takes in what the outer step came to. */
export function onApplied(
  draft: Draft,
  id: JobId,
  round: number,
  outcome: ReportOutcome | { readonly failed: string },
): void {
  setBusy(draft, undefined)
  if ('failed' in outcome) {
    note(draft, `the outer step of round ${round} failed and is tried again: ${outcome.failed}`, { job: id, round })
    const followAfterMs = draft.nowMs + draft.state.settings.retryMs
    changeJob(draft, id, job => ({ ...job, blobs: new Map(), followAfterMs }))
    return
  }
  if ('globalRoot' in outcome) {
    const { globalRoot } = outcome
    changeJob(draft, id, job => ({
      ...job,
      heads: new Map(job.heads).set(round + 1, globalRoot),
      blobs: new Map(job.blobs).set(globalRoot, 'here'),
    }))
  }
  sendReport(draft, id, round, outcome)
}

/** Repeats reports that nobody has noted. */
export function tendReports(draft: Draft, id: JobId): void {
  for (const [round, { outcome, sentMs, isNoted }] of jobOf(draft, id)?.reports ?? [])
    if (!isNoted && draft.nowMs - sentMs >= draft.state.settings.resendMs) sendReport(draft, id, round, outcome)
}

export function onReportNoted(draft: Draft, id: JobId, round: number): void {
  const report = jobOf(draft, id)?.reports.get(round)
  if (report === undefined) return
  changeJob(draft, id, job => ({ ...job, reports: new Map(job.reports).set(round, { ...report, isNoted: true }) }))
}
