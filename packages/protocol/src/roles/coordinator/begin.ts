/**
 * A job begins here: with its first round, or, when another coordinator has left it, with the round after its last
 * anchor. What was anchored is settled; what was under way is done again by whoever still has it at hand.
 */
import type { SignedCommitment, SignedEvaluation } from '../../messages.ts'
import type { RoundDocument } from '../../round-document.ts'
import type { Peer } from '../events.ts'
import type { UnitRecord } from '../unit-machine.ts'
import { takeView } from './chain.ts'
import { type Draft, jobOf, note, putJob } from './draft.ts'
import { isHistory } from './round-documents.ts'
import { openRound } from './rounds.ts'
import type { ChainView, JobFacts, JobRecord, NodeInfo, RoundRecord } from './state.ts'

/** A round that is anchored, and the account that anchored it. */
export interface AnchoredRound {
  readonly document: RoundDocument
  readonly coordinator: string
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
  measured: false,
  leaving: true,
  seenMs: 0,
})

const REASON = 'its round was anchored before this coordinator took over'

const settled = (nowMs: number): Pick<UnitRecord, 'state' | 'sinceMs' | 'reason' | 'failures'> => ({
  state: 'settled',
  sinceMs: nowMs,
  reason: REASON,
  failures: 0,
})

const trained = (commitment: SignedCommitment, nowMs: number): UnitRecord => ({
  unit: commitment.commitment.unit,
  ...settled(nowMs),
  outcome: { kind: 'trained', commitment },
})

const evaluated = (evaluation: SignedEvaluation, nowMs: number): UnitRecord => ({
  unit: evaluation.unit,
  ...settled(nowMs),
  outcome: { kind: 'evaluated', evaluation },
})

function anchoredRound({ document, coordinator }: AnchoredRound, nowMs: number): RoundRecord {
  const { round, units, globalRoot, evaluation } = document
  return {
    round,
    coordinator,
    units: units.map(unit => trained(unit, nowMs)),
    closedMs: nowMs,
    reports: new Map(units.map(({ worker }) => [worker, { globalRoot }])),
    toldMs: new Map(),
    globalRoot,
    ...(evaluation === undefined ? {} : { evaluation: evaluated(evaluation, nowMs) }),
  }
}

/** Tells whether all that is anchored is known as it is anchored, and by whom. */
function isKnown(job: JobRecord, history: readonly AnchoredRound[], own: string): boolean {
  const documents = history.map(({ document }) => document)
  const isSame = ({ coordinator }: AnchoredRound, round: number) =>
    (job.rounds[round]?.coordinator ?? own) === coordinator
  return isHistory(job, documents) && history.every(isSame)
}

/** Takes a job in, or takes it over. What is known as it is anchored stays; rounds that another anchored count as they are. */
export function onJob(draft: Draft, { facts, submitter, chain, history }: JobEvent): void {
  const { job: id } = facts
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
  const rounds = history.map(round => anchoredRound(round, draft.nowMs))
  putJob(draft, { facts, submitter, chain, holders, participants: people, rounds })
  const { length } = history
  const text = length === 0 ? `the job "${facts.name}" was submitted` : `taken over after ${length} anchored rounds`
  note(draft, text, { job: id })
  if (length < facts.rounds) openRound(draft, id, length, length === 0 ? 'the job was submitted' : text)
  takeView(draft, id, chain)
}
