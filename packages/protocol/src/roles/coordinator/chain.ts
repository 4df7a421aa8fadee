/**
 * What the chain should hold, compared with what it holds: the one next transaction of a job. Level-triggered, so a lost
 * transaction, a lost RPC or a forgotten block all heal alike. SPEC: docs/decisions/0004-network.md "Rounds overlap".
 */

import type { JobId } from '../../units.ts'
import { evaluationOf, type UnitRecord } from '../unit-machine.ts'
import { areAuditsOpen, dueAudits, withoutDone, withoutPaid } from './audit-pay.ts'
import { changeJob, changeRound, type Draft, isLive, jobOf, move, note, putJob } from './draft.ts'
import { closingRecord, worksIn } from './earned.ts'
import { endJob } from './end.ts'
import { signaturesOf } from './outer-signatures.ts'
import { MANY_REFUSALS, onLinkRefused, type Refusal } from './refused-links.ts'
import { takeWrongs } from './rewind.ts'
import type { ChainCall, ChainView, CoordinatorSettings, JobOutcome, JobRecord, RoundRecord } from './state.ts'

/** Tells whether an evaluation is there that does not end its job. */
function isInDomain(record: UnitRecord): boolean {
  const { evaluation } = evaluationOf(record) ?? {}
  return evaluation !== undefined && evaluation.diverged === undefined
}

/**
 * A round can be anchored once its root is agreed and somebody who did it answers for that, and its evaluation, where one is
 * due, is there.
 */
const isComplete = (record: RoundRecord): boolean =>
  record.globalRoot !== undefined &&
  (record.evaluation === undefined || isInDomain(record.evaluation)) &&
  signaturesOf(record).length > 0

/** Links made final in one go: so many transactions wait for one another. */
const MOST_LINKS = 16
/** Links that are due before the next round is anchored: it would be refused when too many are not final. */
const MANY_LINKS = 8

/** Makes links final whose window has passed. Anybody may; the job's coordinator does it first. */
function finaliseCall({ chain }: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const waitMs = chain.coordinator === settings.account ? 0 : settings.anybodyAfterMs
  const due = chain.finalisesAtMs.findIndex(atMs => nowMs < atMs + waitMs)
  const links = Math.min(MOST_LINKS, due < 0 ? chain.finalisesAtMs.length : due)
  return links === 0 ? undefined : { call: 'finalise', round: chain.finalLinks, links }
}

/** Adds the next round, unless too many are not final. */
function anchorCall(job: JobRecord): ChainCall | undefined {
  const { chain, facts, rounds } = job
  const next = rounds[chain.anchored]
  const hasRoom = chain.anchored < chain.finalLinks + facts.maximumUnsettled
  if (next?.globalRoot === undefined || !isComplete(next) || chain.status !== 'open' || !hasRoom) return undefined
  // What a transaction under way pays for stays with it.
  const audits = next.audits ?? dueAudits(job, next.round)
  return { call: 'anchor', round: next.round, globalRoot: next.globalRoot, audits }
}

/** Tells whether attestations may still come to be paid by the link that closes the chain: never after the last is final. */
function isForAudits(job: JobRecord, { resendMs }: CoordinatorSettings, nowMs: number): boolean {
  const lastMs = job.chain.finalisesAtMs.at(-1)
  return areAuditsOpen(job, nowMs) && lastMs !== undefined && nowMs < lastMs - resendMs
}

/**
 * Closes the chain of a job that was cut short: of one that left the domain when somebody answers for that; of one that was
 * cancelled when there is something to be paid. A job that failed is its submitter's to cancel.
 */
function endCall(job: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const { chain, ended, rounds, facts } = job
  const cut = rounds[chain.anchored]
  if (chain.isEnded) return undefined
  if (chain.anchored === facts.rounds) return closingCall(job, settings, nowMs)
  if (ended === undefined || cut === undefined) return undefined
  const audits = job.closingAudits ?? dueAudits(job, chain.anchored)
  const hasWorks = worksIn(closingRecord(cut)).length > 0
  if (chain.status === 'cancelled') {
    const isOwed = hasWorks || (audits.length > 0 && !isLastAsserted(job))
    return isOwed ? { call: 'end', outcome: ended.outcome, audits } : undefined
  }
  const isDiverged = ended.outcome === 'diverged' && chain.status === 'open' && !isComplete(cut)
  const isDue = isDiverged && hasWorks && signaturesOf(cut).length > 0 && !isForAudits(job, settings, nowMs)
  return isDue ? { call: 'end', outcome: ended.outcome, audits } : undefined
}

/** Closes the chain of a job that has all its rounds, where attestations are to be paid that no round's link can pay for. */
function closingCall(job: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const { chain, ended } = job
  if (isLastAsserted(job)) return undefined
  const audits = job.closingAudits ?? dueAudits(job, chain.anchored)
  if (audits.length === 0 || isForAudits(job, settings, nowMs)) return undefined
  return { call: 'end', outcome: ended?.outcome ?? 'finished', audits }
}

/** Tells whether all that a job will ever pay for is final. */
function isAllFinal({ chain, facts }: JobRecord): boolean {
  const { anchored, finalLinks, isEnded, status } = chain
  if (isEnded) return finalLinks > anchored
  return finalLinks === anchored && (status === 'cancelled' || anchored === facts.rounds)
}

/** Tells whether the last earnings may be asserted already: what is anchored after that is owed to nobody. */
const isLastAsserted = (job: JobRecord): boolean => job.chain.earnings.pending && isAllFinal(job)

function earningsCall(job: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const { chain } = job
  const { pending, settlesAtMs, settledRounds } = chain.earnings
  if (pending) return nowMs >= settlesAtMs ? { call: 'settleEarnings' } : undefined
  const rounds = Math.min(chain.anchored, chain.finalLinks)
  if (isAllFinal(job)) return { call: 'assertEarnings', rounds, final: true }
  if (chain.status !== 'open') return undefined
  const due = rounds - settledRounds >= settings.earningsEveryRounds
  return due ? { call: 'assertEarnings', rounds, final: false } : undefined
}

/** Finds the next transaction that a job needs, if any. */
function nextCall(job: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const { chain, isBehind } = job
  // The bond comes back with the lease.
  if (chain.status === 'closed') return chain.holdsLease ? { call: 'releaseLease' } : undefined
  if (isBehind) return undefined
  if (chain.earnings.settledFinal) return { call: 'close' }
  // Nothing more can be asserted then; what is not owed goes back to the submitter.
  if (chain.status === 'cancelled' && nowMs > chain.cancelEndsAtMs && !chain.earnings.pending) return { call: 'close' }
  const finalise = finaliseCall(job, settings, nowMs)
  if (finalise?.call === 'finalise' && finalise.links >= MANY_LINKS) return finalise
  if (chain.coordinator === undefined) return { call: 'takeLease' }
  if (chain.coordinator !== settings.account) return finalise
  const earnings = earningsCall(job, settings, nowMs)
  const end = endCall(job, settings, nowMs)
  if ((job.endRefusals ?? 0) < MANY_REFUSALS) return anchorCall(job) ?? end ?? finalise ?? earnings
  return anchorCall(job) ?? finalise ?? earnings ?? (isLastAsserted(job) ? undefined : end)
}

/** Counts the rounds whose root this coordinator knows. */
const agreedRounds = ({ rounds }: Pick<JobRecord, 'rounds'>): number =>
  rounds.findLastIndex(({ globalRoot }) => globalRoot !== undefined) + 1

/** Settles what a final link pays for. */
function settleLink(draft: Draft, id: JobId, round: number): void {
  const record = jobOf(draft, id)?.rounds[round]
  const isCommitted = (unit: UnitRecord | undefined): unit is UnitRecord => unit?.state === 'committed'
  const units = record ? [...record.units, record.evaluation].filter(isCommitted) : []
  for (const unit of units) move(draft, unit, { to: 'settled', reason: `round ${round} is final` })
}

/** Tells whether rounds were anchored that this coordinator may not know as they are: by somebody else, or none of its own. */
function isForeign({ chain, ...job }: JobRecord, view: ChainView): boolean {
  if (view.anchored <= chain.anchored) return false
  // A chain that has replaced blocks may have given the same epoch to somebody else.
  const isOwn = chain.holdsLease && view.holdsLease && view.epoch === chain.epoch
  return !isOwn || view.anchored > agreedRounds(job)
}

/** What this coordinator took for the end of a job, and could not put on the chain, was none where another one has gone on. */
function reviveWhenContinued(draft: Draft, id: JobId, view: ChainView): void {
  const { ended, chain } = jobOf(draft, id) ?? {}
  const isOver = ended?.outcome === 'diverged' || ended?.outcome === 'failed'
  if (!isOver || chain === undefined || view.isEnded || view.anchored <= chain.anchored) return
  changeJob(draft, id, ({ ended: _, ending: __, endRefusals: ___, ...rest }) => rest)
  note(draft, 'the job goes on: another coordinator has anchored more of it', { job: id })
}

/** Takes in what the chain says of a job; documents of rounds that others anchored come with a `job` event. */
export function onChain(draft: Draft, { job: id, view }: { readonly job: JobId; readonly view: ChainView }): void {
  takeWrongs(draft, id, view)
  reviveWhenContinued(draft, id, view)
  const job = jobOf(draft, id)
  if (job === undefined) return
  const { anchored, finalLinks } = job.chain
  if (!job.ended && isForeign(job, view))
    putJob(draft, { ...job, isBehind: true, chain: { ...view, anchored, finalLinks } })
  else takeView(draft, id, view)
}

/** Takes in a view of the chain whose rounds are known. */
export function takeView(draft: Draft, id: JobId, view: ChainView): void {
  const before = jobOf(draft, id)
  if (before === undefined) return
  changeJob(draft, id, ({ isBehind: _, ...job }) => ({ ...job, chain: view }))
  if (view.coordinator !== before.chain.coordinator)
    note(draft, `the coordinator's lease is held by ${view.coordinator ?? 'nobody'} (epoch ${view.epoch})`, { job: id })
  for (let round = before.chain.anchored; round < view.anchored; round++) tellAnchored(draft, id, round)
  for (let link = before.chain.finalLinks; link < view.finalLinks; link++) settleLink(draft, id, link)
  if (before.audits !== undefined && view.finalLinks > before.chain.finalLinks)
    changeJob(draft, id, job => ({ ...job, audits: withoutPaid(job) }))
  if (before.facts.audits?.doers !== undefined && view.finalLinks > before.chain.finalLinks)
    changeJob(draft, id, job => ({ ...job, rounds: withoutDone(job) }))
  const isWhole = view.anchored === before.facts.rounds && view.finalLinks >= view.anchored
  if (isWhole) endJob(draft, id, 'finished', `all ${view.anchored} rounds are final`)
  else if (view.status === 'cancelled') endJob(draft, id, 'cancelled', 'its submitter cancelled it')
  else if (view.status === 'closed')
    endJob(draft, id, view.isEnded ? 'diverged' : 'cancelled', 'it was closed with another coordinator')
}

/**
 * A transaction has gone through, or was refused; what is needed now follows from the chain. After a refusal it is not
 * asked for again at once: the same call would only be refused again.
 */
export function onCalled(draft: Draft, { job, ok, ...refusal }: CalledEvent): void {
  const callAfterMs = ok ? 0 : draft.nowMs + draft.state.settings.callPauseMs
  const { call } = jobOf(draft, job)?.calling ?? {}
  changeJob(draft, job, ({ calling: _, ...rest }) => ({ ...rest, callAfterMs }))
  if (call?.call !== 'anchor' && call?.call !== 'end') return
  if (ok) changeJob(draft, job, ({ wrongLinks: _, ...rest }) => rest)
  else onLinkRefused(draft, job, call, refusal)
}

/** The transaction under way is over, whatever came of it; a `chain` event was sent before. */
export interface CalledEvent extends Refusal {
  readonly event: 'called'
  readonly job: JobId
  readonly ok: boolean
}

function tellAnchored(draft: Draft, id: JobId, round: number): void {
  if (jobOf(draft, id)?.rounds[round] === undefined) return
  announce(draft, jobOf(draft, id) as JobRecord, round)
  note(draft, `round ${round} is anchored`, { job: id, round })
}

/** Sends the document of a round, or of the link that closes the chain in it, to who takes part. */
function announce(
  draft: Draft,
  { facts: { job }, participants }: JobRecord,
  round: number,
  closing?: JobOutcome,
): void {
  const to = [...participants].filter(peer => isLive(draft, peer))
  draft.effects.push({ effect: 'announceAnchored', job, round, ...(closing && { closing }), to })
}

/** Asks for the next transaction, unless one is under way. */
export function tendChain(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  const { settings } = draft.state
  const isBusy = job.calling !== undefined && draft.nowMs - job.calling.atMs < settings.callTimeoutMs
  const call = isBusy || draft.nowMs < (job.callAfterMs ?? 0) ? undefined : nextCall(job, settings, draft.nowMs)
  if (call === undefined) return
  changeJob(draft, id, old => ({ ...old, calling: { call, atMs: draft.nowMs } }))
  if (call.call === 'anchor') {
    // What its document holds from now on.
    changeRound(draft, id, call.round, r => ({ ...r, outers: r.outers ?? signaturesOf(r), audits: call.audits }))
    // Before it is anchored: a document that only this coordinator has would be lost with it, and the job with that.
    announce(draft, job, call.round)
  }
  if (call.call === 'end') {
    changeJob(draft, id, old => ({ ...old, closingAudits: call.audits }))
    announce(draft, job, job.chain.anchored, call.outcome)
  }
  draft.effects.push({ effect: 'call', job: id, call })
}
