/**
 * The coordinator as a pure function: it opens rounds, leases units, takes commitments and reports, and says what the
 * chain needs. It never touches a tensor, and the same events always lead to the same state, so a journal of events is
 * all that has to survive. SPEC: protocol.md section 6; docs/decisions/0004-network.md.
 */
import type { HashHex } from '@cairn/primitives'
import type { OuterSignature, PeerAddress, SignedCommitment } from '../messages.ts'
import type { JobId } from '../units.ts'
import { onAgreed, tendAgreements } from './coordinator/agreements.ts'
import { assign } from './coordinator/assign.ts'
import type { AuditEvent } from './coordinator/audit-state.ts'
import { onAttested, onDrawn, onRevealed, tendAudits } from './coordinator/audits.ts'
import { type AnchoredRound, onJob, unheardNode } from './coordinator/begin.ts'
import { type CalledEvent, onCalled, onChain, tendChain } from './coordinator/chain.ts'
import { type CommitEvent, isOfPresent, onCommit, onIncluded, takeEarly } from './coordinator/commits.ts'
import {
  type CoordinatorEffect,
  changeJob,
  changeRound,
  type Draft,
  isLive,
  jobOf,
  note,
  putNode,
  shortPeer,
  startRootOf,
} from './coordinator/draft.ts'
import { endWhenAnchored, sendEnded } from './coordinator/end.ts'
import { onProgress, onRelease, tendLeases } from './coordinator/leases.ts'
import { type MeasureEvent, onMeasured, onStandard, speedOf, tendMeasuring } from './coordinator/measure.ts'
import { onDoers, onOpened, onSealed, tendCourses } from './coordinator/redundancy.ts'
import type { RedundancyEvent } from './coordinator/redundancy-state.ts'
import { tendUnsigned } from './coordinator/rewind.ts'
import { addReport, agreeWhenReported, closeWhenDone, divergedUnit } from './coordinator/rounds.ts'
import {
  addressOf,
  type ChainView,
  type CoordinatorState,
  type JobFacts,
  type JobRecord,
  type NodeInfo,
  type ReportOutcome,
  type RoundRecord,
} from './coordinator/state.ts'
import type { Peer, Ticked } from './events.ts'
import { workOf } from './unit-machine.ts'

export type CoordinatorEvent =
  | { readonly event: 'presence'; readonly node: Omit<NodeInfo, 'seenMs' | 'measuredBy' | 'measuring' | 'idleSinceMs'> }
  | MeasureEvent
  /** A node that stands in the registry, whether or not it was heard of. */
  | { readonly event: 'registered'; readonly peer: Peer; readonly account: string; readonly owner: string }
  | {
      readonly event: 'job'
      readonly facts: JobFacts
      readonly submitter: string
      readonly chain: ChainView
      /** Documents of the rounds that are anchored already: another coordinator got so far. */
      readonly history: readonly AnchoredRound[]
    }
  | { readonly event: 'pinned'; readonly job: JobId; readonly peer: Peer }
  | CommitEvent
  /** As the chain has it. */
  | (Omit<CommitEvent, 'event'> & { readonly event: 'included' })
  | AuditEvent
  | RedundancyEvent
  | {
      readonly event: 'progress'
      readonly job: JobId
      readonly peer: Peer
      readonly lease: number
      readonly done: number
    }
  | {
      readonly event: 'release'
      readonly job: JobId
      readonly peer: Peer
      readonly lease: number
      readonly reason: string
    }
  | {
      readonly event: 'report'
      readonly job: JobId
      readonly peer: Peer
      readonly round: number
      readonly outcome: ReportOutcome
      readonly signature: OuterSignature
      /** The claims that the signature names, in replica order. */
      readonly claims: readonly HashHex[]
    }
  | { readonly event: 'chain'; readonly job: JobId; readonly view: ChainView }
  | CalledEvent
  | { readonly event: 'timer' }

type Handlers = {
  readonly [E in CoordinatorEvent['event']]: (draft: Draft, event: Extract<CoordinatorEvent, { event: E }>) => void
}

const handlers: Handlers = {
  presence(draft, { node }) {
    const known = draft.state.nodes.get(node.peer)
    putNode(draft, { ...node, ...speedOf(known), seenMs: draft.nowMs })
    if (known === undefined) note(draft, `${shortPeer(node.peer)} joined`, { node: node.peer })
    else if (node.leaving && !known.leaving) note(draft, `${shortPeer(node.peer)} is leaving`, { node: node.peer })
  },
  registered(draft, { peer, account, owner }) {
    if (!draft.state.nodes.has(peer)) putNode(draft, unheardNode(peer, account, owner))
  },
  measured: onMeasured,
  standard: onStandard,
  job: onJob,
  pinned(draft, { job, peer }) {
    const known = jobOf(draft, job)
    if (known === undefined) return // its document may still be on its way; the node says it again
    if (known.ended) return sendEnded(draft, job, peer)
    draft.effects.push({ effect: 'send', to: peer, job, kind: 'noted', body: { about: 'pinned' } })
    if (known.holders.has(peer)) return
    changeJob(draft, job, old => ({ ...old, holders: new Set([...old.holders, peer]) }))
    note(draft, `${shortPeer(peer)} holds the job's data`, { job, node: peer })
  },
  commit: onCommit,
  included: onIncluded,
  drawn: onDrawn,
  attested: onAttested,
  revealed: onRevealed,
  doers: onDoers,
  sealed: onSealed,
  opened: onOpened,
  agreed: onAgreed,
  progress: onProgress,
  release: onRelease,
  report(draft, { job, peer, round, outcome, signature, claims }) {
    const known = jobOf(draft, job)
    if (known?.ended) {
      sendEnded(draft, job, peer)
      return
    }
    if (known === undefined || !isOfPresent(known, { job, round, replica: 0, kind: 'evaluate' }, claims)) return
    addReport(draft, job, round, peer, { outcome, signature })
    const isTaken = jobOf(draft, job)?.rounds[round]?.reports.get(peer)?.signature
    if (isTaken) draft.effects.push({ effect: 'send', to: peer, job, kind: 'noted', body: { about: 'report', round } })
  },
  chain: onChain,
  called: onCalled,
  timer() {},
}

/** Addresses that a message may hold. */
const MOST_SOURCES = 64

/** Longest pause between two of the same message, in resend intervals. */
const LONGEST_PAUSE = 4

/** Where a round's updates are: with those who made them, those who keep them, and whoever has fetched them since. */
function sourcesOf({ state }: Draft, job: JobRecord, units: readonly SignedCommitment[]): PeerAddress[] {
  const keepers = units.flatMap(({ custody }) => custody.map(({ peer }) => peer))
  const peers = new Set([...units.map(({ worker }) => worker), ...keepers, ...job.participants])
  return [...peers].slice(0, MOST_SOURCES).map(peer => addressOf(state, peer))
}

/** Tells participants that a round is closed, again and again until they report; soon at first, then more rarely. */
function tellClosed(draft: Draft, id: JobId, record: RoundRecord): void {
  const job = jobOf(draft, id)
  const startRoot = job && startRootOf(job, record.round)
  if (job === undefined || startRoot === undefined) return
  // Whoever has not reported may be at work, or may have been restarted and know nothing of the round.
  const { resendMs } = draft.state.settings
  const againMs = Math.min(LONGEST_PAUSE * resendMs, Math.max(resendMs, (draft.nowMs - (record.closedMs ?? 0)) / 2))
  const due = (peer: Peer) => draft.nowMs - (record.toldMs.get(peer) ?? Number.NEGATIVE_INFINITY) >= againMs
  const isSigned = (peer: Peer) => record.reports.get(peer)?.signature !== undefined
  const to = [...job.participants].filter(peer => !isSigned(peer) && isLive(draft, peer) && due(peer))
  if (to.length === 0) return
  const units = record.units.flatMap(unit => workOf(unit)?.commitment ?? [])
  const sources = sourcesOf(draft, job, units)
  const outcome = divergedUnit(record)?.outcome
  const diverged = outcome?.kind === 'diverged' ? { diverged: outcome.divergence } : {}
  const body = { document: job.facts.document, round: record.round, units, ...diverged, startRoot, sources }
  for (const peer of to) draft.effects.push({ effect: 'send', to: peer, job: id, kind: 'closed', body })
  changeRound(draft, id, record.round, r => ({
    ...r,
    toldMs: new Map([...r.toldMs, ...to.map(peer => [peer, draft.nowMs] as const)]),
  }))
}

/** Brings a job forward as far as what is known allows. */
function advance(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  if (!job.ended) {
    tendCourses(draft, id)
    tendLeases(draft, id)
    closeWhenDone(draft, id)
    agreeWhenReported(draft, id)
    takeEarly(draft, id)
    closeWhenDone(draft, id)
    tendUnsigned(draft, id)
    endWhenAnchored(draft, id)
    // The newest two closed rounds: a node that missed the last one may still be catching up.
    const isTold = (r: RoundRecord) => r.closedMs !== undefined
    const closed = (jobOf(draft, id)?.rounds.slice(-3) ?? []).filter(isTold).slice(-2)
    if (!jobOf(draft, id)?.ended) for (const record of closed) tellClosed(draft, id, record)
  }
  tendAgreements(draft, id)
  tendAudits(draft, id)
  tendChain(draft, id)
}

/** Takes one event in. `seed` is fresh randomness for draws, an unsigned 32-bit integer. */
export function tickCoordinator(
  state: CoordinatorState,
  event: CoordinatorEvent,
  nowMs: number,
  seed: number,
): Ticked<CoordinatorState, CoordinatorEffect> {
  const draft: Draft = { state, effects: [], nowMs, seed }
  ;(handlers[event.event] as (draft: Draft, event: CoordinatorEvent) => void)(draft, event)
  const jobs = 'job' in event ? [event.job] : [...draft.state.jobs.keys()]
  for (const id of event.event === 'job' ? [event.facts.job] : jobs) advance(draft, id)
  assign(draft)
  tendMeasuring(draft)
  return { state: draft.state, effects: draft.effects }
}
