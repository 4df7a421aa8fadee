/**
 * A job begins here: with its first round, or, when another coordinator has left it, with the round after its last
 * anchor. What was anchored is settled; what was under way is done again by whoever still has it at hand.
 */
import type { HashHex } from '@cairn/primitives'
import type { SignedCommitment, SignedEvaluation } from '../../messages.ts'
import type { RoundDocument } from '../../round-document.ts'
import type { Audit } from '../../settlement/works.ts'
import type { ClaimedUnit } from '../../work-claims.ts'
import type { Peer } from '../events.ts'
import type { UnitRecord } from '../unit-machine.ts'
import { auditKey } from './audit-pay.ts'
import { takeView } from './chain.ts'
import { type Draft, jobOf, note, putJob } from './draft.ts'
import { takeWrongs } from './rewind.ts'
import { isHistory } from './round-documents.ts'
import { openRound } from './rounds.ts'
import type { ChainView, JobFacts, JobRecord, NodeInfo, Report, RoundRecord } from './state.ts'

/** A round that is anchored, and the account that anchored it. */
export interface AnchoredRound {
  readonly document: RoundDocument
  /** Hashes of what is claimed in it: of its units, then of its evaluation. */
  readonly claims: readonly HashHex[]
  readonly coordinator: string
  /** Attestations that its anchor pays for. */
  readonly audits: readonly Audit[]
}

interface JobEvent {
  readonly facts: JobFacts
  readonly submitter: string
  readonly chain: ChainView
  readonly history: readonly AnchoredRound[]
}

/** What is known of a node that only the registry tells of. */
export const unheardNode = (peer: Peer, account: string, owner: string): NodeInfo => ({
  peer,
  account,
  owner,
  role: 'worker',
  addresses: [],
  price: 0n,
  memoryBytes: 0,
  operationsPerSecond: 0,
  leaving: true,
  seenMs: 0,
  freeStake: 0n,
})

const REASON = 'its round was anchored before this coordinator took over'

type Standing = Pick<UnitRecord, 'state' | 'sinceMs' | 'reason' | 'failures'>

const trained = (work: ClaimedUnit, standing: Standing): UnitRecord => ({
  unit: work.commitment.commitment.unit,
  ...standing,
  outcome: { kind: 'trained', ...work },
})

const evaluated = (evaluation: SignedEvaluation, claim: HashHex, standing: Standing): UnitRecord => ({
  unit: evaluation.unit,
  ...standing,
  outcome: { kind: 'evaluated', evaluation, claim },
})

function anchoredRound(
  { document, claims, coordinator, audits }: AnchoredRound,
  isFinal: boolean,
  nowMs: number,
): RoundRecord {
  const { round, units, globalRoot, outers, evaluation } = document
  const standing = { state: isFinal ? 'settled' : 'committed', sinceMs: nowMs, reason: REASON, failures: 0 } as const
  const reportsOf = ({ worker, account }: SignedCommitment): [Peer, Report][] =>
    outers.filter(outer => outer.account === account).map(signature => [worker, { outcome: { globalRoot }, signature }])
  const claimed = units.map((commitment, i) => ({ commitment, claim: claims[i] as HashHex }))
  return {
    round,
    coordinator,
    units: claimed.map(work => trained(work, standing)),
    openedMs: nowMs,
    closedMs: nowMs,
    reports: new Map(units.flatMap(reportsOf)),
    toldMs: new Map(),
    globalRoot,
    outers,
    audits,
    ...(evaluation && { evaluation: evaluated(evaluation, claims[units.length] as HashHex, standing) }),
  }
}

const areSameAudits = (a: readonly Audit[], b: readonly Audit[]): boolean =>
  a.length === b.length && a.every((audit, i) => auditKey(audit) === auditKey(b[i] as Audit))

/** Tells whether all that is anchored is known as it is anchored, and by whom. */
function isKnown(job: JobRecord, history: readonly AnchoredRound[], own: string): boolean {
  const documents = history.map(({ document }) => document)
  const isSame = ({ coordinator, audits }: AnchoredRound, round: number) =>
    (job.rounds[round]?.coordinator ?? own) === coordinator && areSameAudits(job.rounds[round]?.audits ?? [], audits)
  return isHistory(job, documents) && history.every(isSame)
}

/** Takes a job in, or takes it over. What is known as it is anchored stays; rounds that another anchored count as they are. */
export function onJob(draft: Draft, { facts, submitter, chain, history }: JobEvent): void {
  const { job: id } = facts
  takeWrongs(draft, id, chain)
  const known = jobOf(draft, id)
  if (known?.ended) return
  if (known !== undefined && isKnown(known, history, draft.state.settings.account)) {
    takeView(draft, id, chain)
    return
  }
  const workers = history.flatMap(({ document: { units } }) =>
    units.flatMap(({ worker, custody }) => [worker, ...custody.map(c => c.peer)]),
  )
  const people = new Set([...(known?.participants ?? []), ...workers])
  const holders = new Set([...(known?.holders ?? []), ...workers])
  const rounds = history.map((round, i) => anchoredRound(round, i < chain.finalLinks, draft.nowMs))
  putJob(draft, { facts, submitter, chain, holders, participants: people, rounds })
  const { length } = history
  const text = length === 0 ? `the job "${facts.name}" was submitted` : `taken over after ${length} anchored rounds`
  note(draft, text, { job: id })
  if (length < facts.rounds) openRound(draft, id, length, length === 0 ? 'the job was submitted' : text)
  takeView(draft, id, chain)
}
