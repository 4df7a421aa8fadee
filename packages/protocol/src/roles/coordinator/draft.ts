/** A tick under way: the state so far and the effects so far. Handlers replace parts of the state; they never mutate them. */
import type { HashHex } from '@cairn/primitives'
import type { MessageBodies } from '../../messages.ts'
import type { LeaseMessage } from '../../settlement/works.ts'
import type { JobId, Unit } from '../../units.ts'
import type { Peer, ReasonEffect, SendEffect } from '../events.ts'
import { moveUnit, type UnitRecord, unitName, workOf } from '../unit-machine.ts'
import type { ChainCall, CoordinatorState, JobOutcome, JobRecord, NodeInfo, RoundRecord } from './state.ts'

export type CoordinatorEffect =
  | SendEffect
  | ReasonEffect
  /** Sign a lease with this coordinator's account where there is something to sign, and send it. */
  | {
      readonly effect: 'sendLease'
      readonly to: Peer
      readonly job: JobId
      readonly body: Omit<MessageBodies['lease'], 'signed'>
      readonly toSign?: LeaseMessage
    }
  /** Do the standard unit of a seed, and tell what it came to: `standard`. */
  | { readonly effect: 'standardUnit'; readonly peer: Peer; readonly seed: number }
  | { readonly effect: 'call'; readonly job: JobId; readonly call: ChainCall }
  /** Send the round document to the participants. */
  | {
      readonly effect: 'announceAnchored'
      readonly job: JobId
      readonly round: number
      /** Of the link that closes the chain in this round: its document is the closing one. */
      readonly closing?: JobOutcome
      readonly to: readonly Peer[]
    }

export interface Draft {
  state: CoordinatorState
  readonly effects: CoordinatorEffect[]
  readonly nowMs: number
  /** Fresh randomness for draws, an unsigned 32-bit integer. */
  readonly seed: number
}

export const jobOf = (draft: Draft, job: JobId): JobRecord | undefined => draft.state.jobs.get(job)

export function putJob(draft: Draft, job: JobRecord): void {
  draft.state = { ...draft.state, jobs: new Map(draft.state.jobs).set(job.facts.job, job) }
}

/** Changes a job by a function of what it is now. */
export function changeJob(draft: Draft, id: JobId, change: (job: JobRecord) => JobRecord): void {
  const job = jobOf(draft, id)
  if (job !== undefined) putJob(draft, change(job))
}

export function changeRound(draft: Draft, id: JobId, round: number, change: (r: RoundRecord) => RoundRecord): void {
  changeJob(draft, id, job => {
    const record = job.rounds[round]
    return record === undefined ? job : { ...job, rounds: job.rounds.with(round, change(record)) }
  })
}

export function putNode(draft: Draft, node: NodeInfo): void {
  draft.state = { ...draft.state, nodes: new Map(draft.state.nodes).set(node.peer, node) }
}

/** Finds a unit's record. */
export function recordOf(
  { rounds }: JobRecord,
  unit: Pick<Unit, 'kind' | 'round' | 'replica'>,
): UnitRecord | undefined {
  const round = rounds[unit.round]
  return unit.kind === 'evaluate' ? round?.evaluation : round?.units[unit.replica]
}

export function putUnit(draft: Draft, record: UnitRecord): void {
  const { job, round, replica, kind } = record.unit
  changeRound(draft, job, round, r =>
    kind === 'evaluate'
      ? { ...r, evaluation: record }
      : { ...r, units: r.units.map((old, i) => (i === replica ? record : old)) },
  )
}

/** Moves a unit and notes the reason. */
export function move(draft: Draft, record: UnitRecord, step: Omit<Parameters<typeof moveUnit>[1], 'nowMs'>): void {
  putUnit(draft, moveUnit(record, { ...step, nowMs: draft.nowMs }))
  const { job, round, replica, kind } = record.unit
  const node = step.lease?.node ?? record.lease?.node
  note(draft, `${unitName(record.unit)}: ${step.reason}`, {
    job,
    round,
    ...(kind === 'evaluate' ? {} : { replica }),
    ...(node === undefined ? {} : { node }),
  })
}

export function note(draft: Draft, text: string, about: Omit<ReasonEffect, 'effect' | 'text'>): void {
  draft.effects.push({ effect: 'reason', text, ...about })
}

export const shortPeer = (peer: Peer): string => peer.slice(0, 8)

/** Tells whether a node was heard of lately. */
export function isLive({ state, nowMs }: Pick<Draft, 'state' | 'nowMs'>, peer: Peer): boolean {
  const node = state.nodes.get(peer)
  return node !== undefined && nowMs - node.seenMs <= state.settings.lostAfterMs
}

/** Every unit of a job, evaluations included, in the order of their rounds. */
export const unitsOf = ({ rounds }: Pick<JobRecord, 'rounds'>): UnitRecord[] =>
  rounds.flatMap(({ units, evaluation }) => (evaluation === undefined ? units : [...units, evaluation]))

/** Units that can still change, unless a round is rewound. PERF: a job may have thousands of anchored ones. */
export const activeUnitsOf = ({ rounds, chain }: JobRecord): UnitRecord[] =>
  unitsOf({ rounds: rounds.slice(chain.anchored) })

/** Hashes of what is claimed in a round, in replica order; undefined until all of it is there. */
export function claimsOfRound({ rounds }: JobRecord, round: number): HashHex[] | undefined {
  const claims = rounds[round]?.units.map(record => workOf(record)?.claim)
  return claims?.includes(undefined) ? undefined : (claims as HashHex[] | undefined)
}

/** Claims that led to the state a unit starts from; undefined until they are there. */
export const claimsBefore = (job: JobRecord, { kind, round }: Pick<Unit, 'kind' | 'round'>): HashHex[] | undefined =>
  kind === 'evaluate' ? claimsOfRound(job, round) : round === 0 ? [] : claimsOfRound(job, round - 1)

/** Root that a round starts from, once known. */
export const startRootOf = ({ rounds, facts }: JobRecord, round: number): HashHex | undefined =>
  round === 0 ? facts.initialRoot : rounds[round - 1]?.globalRoot

/** Root that a replica's next unit starts from; none before its first. */
export function replicaRootBefore({ rounds }: JobRecord, round: number, replica: number) {
  return workOf(rounds[round - 1]?.units[replica] ?? {})?.commitment.commitment.newReplicaRoot
}
