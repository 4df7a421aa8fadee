/**
 * What was taken for done is done again: after a rewind, because a claim was proven wrong; or because nobody is left to
 * answer for it. What stands of the round stands; what came after it is void. SPEC: docs/spec/network.md "Rewinds".
 */
import { NO_HASH } from '../../settlement.ts'
import type { JobId } from '../../units.ts'
import { evaluationOf, moveUnit, type UnitRecord, unitName, workOf } from '../unit-machine.ts'
import { changeJob, changeRound, type Draft, isLive, jobOf, move, note, shortPeer } from './draft.ts'
import { claimIn } from './earned.ts'
import { avoid } from './leases.ts'
import { committersOf, signaturesOf } from './outer-signatures.ts'
import { openRound } from './rounds.ts'
import type { ChainView, RoundRecord, WrongClaim } from './state.ts'

const isThere = ({ state }: UnitRecord): boolean => state !== 'settled' && state !== 'voided'

/** Makes all rounds after one void; they are opened again when it is closed again. */
function dropAfter(draft: Draft, id: JobId, round: number, reason: string): void {
  for (const { units, evaluation } of jobOf(draft, id)?.rounds.slice(round + 1) ?? [])
    for (const record of [...units, ...(evaluation ? [evaluation] : [])])
      if (isThere(record)) move(draft, record, { to: 'voided', reason })
  changeJob(draft, id, job => ({ ...job, rounds: job.rounds.slice(0, round + 1) }))
}

/** What is left of a round of which units are done again: the others. Its outer step is another one then. */
function withoutAgreement(openedMs: number, { round, coordinator, units, doers, courses }: RoundRecord): RoundRecord {
  const whose = coordinator === undefined ? {} : { coordinator }
  const done = { ...(doers && { doers }), ...(courses && { courses }) }
  return { round, ...whose, openedMs, units, ...done, reports: new Map(), toldMs: new Map() }
}

/** Opens units of a round again; without any, only its outer step is done again. */
function reopen(draft: Draft, id: JobId, round: number, replicas: readonly number[], reason: string): void {
  dropAfter(draft, id, round, reason)
  const { units = [], evaluation } = jobOf(draft, id)?.rounds[round] ?? {}
  if (evaluation !== undefined && isThere(evaluation)) move(draft, evaluation, { to: 'voided', reason })
  for (const replica of replicas) {
    const record = units[replica]
    if (record?.state === 'committed') move(draft, record, { to: 'open', reason })
  }
  changeRound(draft, id, round, record => withoutAgreement(draft.nowMs, record))
  // Where a later round was to be the last: it is void, and what follows may be said again.
  changeJob(draft, id, ({ ending: _, ...job }) => job)
}

/** Opens the evaluation of a round again. Nothing else follows from it, but from one that left the domain the end of its job. */
function reopenEvaluation(draft: Draft, id: JobId, round: number, reason: string): void {
  const { rounds = [], facts } = jobOf(draft, id) ?? {}
  const record = rounds[round]?.evaluation
  if (record?.state !== 'committed') return
  if (evaluationOf(record)?.evaluation.diverged) {
    dropAfter(draft, id, round, reason)
    changeJob(draft, id, ({ ending: _, ...job }) => job)
    if (round + 1 < (facts?.rounds ?? 0)) openRound(draft, id, round + 1, reason)
  }
  const evaluation = moveUnit(record, { to: 'open', nowMs: draft.nowMs, reason })
  changeRound(draft, id, round, ({ outers: _, ...r }) => ({ ...r, evaluation }))
  note(draft, `${unitName(record.unit)}: ${reason}`, { job: id, round })
}

/** Takes back what followed from a claim that was proven wrong. */
function takeBack(draft: Draft, id: JobId, wrong: WrongClaim): void {
  const { round, index, isOuter, account } = wrong
  const job = jobOf(draft, id)
  const record = job?.rounds[round]
  // What was proven may be of a link that was void already, and done again since.
  if (job === undefined || record === undefined || !isSaid(record, wrong)) return
  const what = isOuter ? 'the outer step' : index === job.facts.replicas ? 'the evaluation' : `replica ${index}`
  const reason = `${what} of round ${round} was proven wrong, as ${account} did it`
  note(draft, `the job goes back to round ${round}: ${reason}`, { job: id, round })
  // What was cut short goes on, unless its submitter wants no more of it.
  if (job.ended?.outcome !== 'cancelled')
    changeJob(draft, id, ({ ended: _, ending: __, endRefusals: ___, ...rest }) => rest)
  if (!isOuter && index === job.facts.replicas) reopenEvaluation(draft, id, round, reason)
  else reopen(draft, id, round, isOuter ? [] : [index], reason)
}

/** Tells whether a round still holds what was proven wrong. */
const isSaid = (record: RoundRecord, { index, isOuter, claim }: WrongClaim): boolean =>
  (isOuter ? (record.globalRoot ?? NO_HASH) : claimIn(record, index)) === claim

/**
 * Takes in what was proven wrong since. What is anchored of the rounds from there on is anchored no more, unless the claim's
 * own link was void before: then what was anchored instead stands, though the claim be in it.
 */
export function takeWrongs(draft: Draft, id: JobId, { wrongs, anchored }: ChainView): void {
  const known = jobOf(draft, id)?.chain.wrongs.length ?? 0
  for (const wrong of wrongs.slice(known)) {
    changeJob(draft, id, ({ chain, ...job }) => ({ ...job, chain: withWrong(chain, wrong) }))
    if (wrong.isRewound) forgetAudits(draft, id, wrong.round)
    if (wrong.isRewound || wrong.round >= anchored) takeBack(draft, id, wrong)
  }
}

/** Void links pay for nothing, and their units are drawn anew; what they would have paid for is due again. */
function forgetAudits(draft: Draft, id: JobId, first: number): void {
  const forget = ({ audits: _, beacons: __, ...record }: RoundRecord): RoundRecord => record
  changeJob(draft, id, ({ closingAudits: _, audits, ...job }) => ({
    ...job,
    ...(audits && { audits: audits.filter(({ order }) => order.round < first) }),
    rounds: job.rounds.map(record => (record.round < first ? record : forget(record))),
  }))
}

function withWrong(chain: ChainView, wrong: WrongClaim): ChainView {
  const wrongs = [...chain.wrongs, wrong]
  if (!wrong.isRewound) return { ...chain, wrongs }
  return { ...chain, anchored: Math.min(chain.anchored, wrong.round), isEnded: false, wrongs }
}

/** So many times as long as a lease may take: whoever was away may come back, and then nothing has to be done again. */
const LONG = 3

/**
 * Has a unit done again where nobody who did the next round to anchor signs its outer step: they are gone for long, or
 * have said nothing for longer than doing the round has taken, which no outer step takes.
 */
export function tendUnsigned(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const record = job?.rounds[job.chain.anchored]
  if (job?.ended || record?.closedMs === undefined || signaturesOf(record).length > 0) return
  const committers = committersOf(record)
  const { shortestLeaseMs, leaseFactor } = draft.state.settings
  const silentMs = draft.nowMs - record.closedMs
  const isGone = !committers.some(peer => isLive(draft, peer))
  const atWorkMs = isGone ? 0 : leaseFactor * (record.closedMs - record.openedMs)
  if (silentMs < LONG * (shortestLeaseMs + atWorkMs)) return
  const who = committers.map(shortPeer).join(', ')
  reopen(draft, id, record.round, [0], `nobody who did round ${record.round} (${who}) has signed its outer step`)
  // The same node would sign no more than before: what it signed may have been lost in a dispute.
  const [first] = record.units
  if (first !== undefined) avoid(draft, first.unit, workOf(first)?.commitment.worker ?? '')
}

/** Takes a unit out of its round, another one having come before it. */
export function displace(draft: Draft, { unit: { job, round, replica } }: UnitRecord, reason: string): void {
  note(draft, `round ${round} is closed again with another unit: ${reason}`, { job, round, replica })
  reopen(draft, job, round, [replica], reason)
}

/** Gives what a worker did of a round to others: its bond cannot be locked, so the round cannot be anchored with its work. */
export function reopenUnbonded(draft: Draft, id: JobId, round: number, account: string): void {
  const { units = [], evaluation } = jobOf(draft, id)?.rounds[round] ?? {}
  const reason = `${account} has no stake left for its bond`
  const theirs = units.filter(unit => workOf(unit)?.commitment.account === account)
  if (theirs.length > 0)
    reopen(
      draft,
      id,
      round,
      theirs.map(({ unit }) => unit.replica),
      reason,
    )
  const evaluated = evaluationOf(evaluation)?.evaluation
  if (theirs.length === 0 && evaluated?.account === account) reopenEvaluation(draft, id, round, reason)
  for (const { unit, outcome: by } of theirs) avoid(draft, unit, workOf({ outcome: by })?.commitment.worker ?? '')
  if (evaluated?.account === account) avoid(draft, evaluated.unit, evaluated.worker)
}

/** Opens a whole round again, also one in which the job was taken for ended: the chain does not take what was made of it. */
export function reopenRound(draft: Draft, id: JobId, round: number, reason: string): void {
  changeJob(draft, id, ({ ended: _, ending: __, endRefusals: ___, ...rest }) => rest)
  const units = jobOf(draft, id)?.rounds[round]?.units ?? []
  note(draft, `round ${round} is done again: ${reason}`, { job: id, round })
  reopen(draft, id, round, [...units.keys()], reason)
}

/**
 * The same of the link that closes the chain. SAFETY: nobody ends a job by saying that it left the domain without answering for that.
 * Of a cancelled job nothing is done again.
 */
export function reopenEnd(draft: Draft, id: JobId, account: string): void {
  const job = jobOf(draft, id)
  const round = job?.chain.anchored ?? 0
  const record = job?.rounds[round]
  if (job?.ended?.outcome === 'diverged') {
    changeJob(draft, id, ({ ended: _, ending: __, endRefusals: ___, ...rest }) => rest)
    reopenUnbonded(draft, id, round, account)
    return
  }
  const reason = `${account} has no stake left for its bond`
  for (const unit of record?.units ?? [])
    if (workOf(unit)?.commitment.account === account) move(draft, unit, { to: 'voided', reason })
  const { evaluation } = record ?? {}
  if (evaluation && evaluationOf(evaluation)?.evaluation.account === account)
    move(draft, evaluation, { to: 'voided', reason })
}
