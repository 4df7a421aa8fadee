/**
 * What the chain should hold, compared with what it holds: the one next transaction of a job. Level-triggered, so a lost
 * transaction, a lost RPC or a forgotten block all heal alike. SPEC: docs/decisions/0004-network.md "Rounds overlap".
 */
import type { JobId } from '../../units.ts'
import { changeJob, type Draft, isLive, jobOf, move, note, putJob } from './draft.ts'
import { endJob } from './end.ts'
import type { ChainCall, ChainView, CoordinatorSettings, JobRecord, RoundRecord } from './state.ts'

/** A round can be anchored once its root is agreed and its evaluation, where one is due, is there. */
const isComplete = ({ globalRoot, evaluation }: RoundRecord): boolean =>
  globalRoot !== undefined && (evaluation === undefined || evaluation.outcome?.kind === 'evaluated')

function earningsCall(
  { chain, ended }: JobRecord,
  settings: CoordinatorSettings,
  nowMs: number,
): ChainCall | undefined {
  const { pending, settlesAtMs, settledRounds } = chain.earnings
  if (pending) return nowMs >= settlesAtMs ? { call: 'settleEarnings' } : undefined
  const rounds = chain.anchored
  if (ended) return { call: 'assertEarnings', rounds, final: true }
  const due = rounds - settledRounds >= settings.earningsEveryRounds
  return due ? { call: 'assertEarnings', rounds, final: false } : undefined
}

/** Finds the next transaction that a job needs, if any. */
function nextCall(job: JobRecord, settings: CoordinatorSettings, nowMs: number): ChainCall | undefined {
  const { chain, ended, rounds, isBehind } = job
  // The bond comes back with the lease.
  if (chain.status === 'closed') return chain.holdsLease ? { call: 'releaseLease' } : undefined
  if (isBehind) return undefined
  if (chain.earnings.settledFinal) return { call: 'close' }
  // Nothing more can be asserted then; what is not owed goes back to the submitter.
  if (chain.status === 'cancelled' && nowMs > chain.cancelEndsAtMs && !chain.earnings.pending) return { call: 'close' }
  if (chain.coordinator === undefined) return { call: 'takeLease' }
  if (chain.coordinator !== settings.account) return undefined
  const next = rounds[chain.anchored]
  if (next?.globalRoot !== undefined && isComplete(next) && chain.status === 'open')
    return { call: 'anchor', round: next.round, globalRoot: next.globalRoot }
  const isCutShort = ended !== undefined && ended.outcome !== 'finished'
  if (isCutShort && chain.status === 'open' && !chain.isEnded) return { call: 'end', outcome: ended.outcome }
  return earningsCall(job, settings, nowMs)
}

/** Counts the rounds whose root this coordinator knows. */
const agreedRounds = ({ rounds }: Pick<JobRecord, 'rounds'>): number =>
  rounds.findLastIndex(({ globalRoot }) => globalRoot !== undefined) + 1

function settleRound(draft: Draft, id: JobId, round: number): void {
  const record = jobOf(draft, id)?.rounds[round]
  if (record === undefined) return
  for (const unit of [...record.units, ...(record.evaluation ? [record.evaluation] : [])])
    if (unit.state === 'committed') move(draft, unit, { to: 'settled', reason: `round ${round} is anchored` })
}

/** Tells whether rounds were anchored that this coordinator may not know as they are: by somebody else, or none of its own. */
function isForeign({ chain, ...job }: JobRecord, view: ChainView): boolean {
  if (view.anchored <= chain.anchored) return false
  const isOwn = chain.holdsLease && view.epoch === chain.epoch
  return !isOwn || view.anchored > agreedRounds(job)
}

/** Takes in what the chain says of a job; documents of rounds that others anchored come with a `job` event. */
export function onChain(draft: Draft, { job: id, view }: { readonly job: JobId; readonly view: ChainView }): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  if (!job.ended && isForeign(job, view))
    putJob(draft, { ...job, isBehind: true, chain: { ...view, anchored: job.chain.anchored } })
  else takeView(draft, id, view)
}

/** Takes in a view of the chain whose rounds are known. */
export function takeView(draft: Draft, id: JobId, view: ChainView): void {
  const before = jobOf(draft, id)
  if (before === undefined) return
  changeJob(draft, id, ({ isBehind: _, ...job }) => ({ ...job, chain: view }))
  if (view.coordinator !== before.chain.coordinator)
    note(draft, `the coordinator's lease is held by ${view.coordinator ?? 'nobody'} (epoch ${view.epoch})`, { job: id })
  for (let round = before.chain.anchored; round < view.anchored; round++) settleAnchored(draft, id, round)
  if (view.anchored === before.facts.rounds) endJob(draft, id, 'finished', `all ${view.anchored} rounds are anchored`)
  else if (view.status === 'cancelled') endJob(draft, id, 'cancelled', 'its submitter cancelled it')
  else if (view.status === 'closed')
    endJob(draft, id, view.isEnded ? 'diverged' : 'cancelled', 'it was closed with another coordinator')
}

/**
 * A transaction has gone through, or was refused; what is needed now follows from the chain. After a refusal it is not
 * asked for again at once: the same call would only be refused again.
 */
export function onCalled(draft: Draft, { job, ok }: { readonly job: JobId; readonly ok: boolean }): void {
  const callAfterMs = ok ? 0 : draft.nowMs + draft.state.settings.callPauseMs
  changeJob(draft, job, ({ calling: _, ...rest }) => ({ ...rest, callAfterMs }))
}

function settleAnchored(draft: Draft, id: JobId, round: number): void {
  const record = jobOf(draft, id)?.rounds[round]
  if (!record?.units.some(({ state }) => state === 'committed')) return
  settleRound(draft, id, round)
  announce(draft, jobOf(draft, id) as JobRecord, round)
  note(draft, `round ${round} is anchored`, { job: id, round })
}

/** Sends a round's document to who takes part. */
function announce(draft: Draft, { facts: { job }, participants }: JobRecord, round: number): void {
  const to = [...participants].filter(peer => isLive(draft, peer))
  draft.effects.push({ effect: 'announceAnchored', job, round, to })
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
  // Before it is anchored: a document that only this coordinator has would be lost with it, and the job with that.
  if (call.call === 'anchor') announce(draft, job, call.round)
  draft.effects.push({ effect: 'call', job: id, call })
}
