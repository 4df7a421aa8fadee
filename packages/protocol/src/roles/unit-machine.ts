/**
 * The life of a unit (SPEC: protocol.md section 6): at any time exactly one of open, leased, committed, settled, voided.
 * Only the moves of the table exist, and every one carries a reason that a person can read.
 */

import type { HashHex } from '@cairn/primitives'
import { InternalError } from '@cairn/primitives'
import type { SignedCommitment, SignedEvaluation } from '../messages.ts'
import type { Unit } from '../units.ts'
import type { Divergence, Peer } from './events.ts'

export type UnitState = 'open' | 'leased' | 'committed' | 'settled' | 'voided'

/** A node's time-limited right and duty to do one unit. */
export interface Lease {
  readonly lease: number
  readonly node: Peer
  readonly atMs: number
  readonly deadlineMs: number
  /** When the node was last told of it. */
  readonly sentMs: number
  /** Inner steps that the node said are done. */
  readonly done: number
  /** When the node first said that it has a result, which it seals. */
  readonly sealedMs?: number
  /** Decides the custodians, so that a repeated lease names the same. */
  readonly seed: number
}

/** What a node found by doing a unit; only training units have diverged as such. `claim` is the hash of what it answers for. */
export type UnitOutcome =
  | { readonly kind: 'trained'; readonly commitment: SignedCommitment; readonly claim: HashHex }
  | { readonly kind: 'evaluated'; readonly evaluation: SignedEvaluation; readonly claim: HashHex }
  | {
      readonly kind: 'diverged'
      readonly node: Peer
      readonly divergence: Divergence
      readonly work: { readonly commitment: SignedCommitment; readonly claim: HashHex }
    }

/** The commitment to a training unit, diverged or not, and its claim. */
export function workOf({ outcome }: { readonly outcome?: UnitOutcome | undefined }) {
  if (outcome?.kind === 'trained') return outcome
  return outcome?.kind === 'diverged' ? outcome.work : undefined
}

/** An evaluation and its claim, whether or not it left the domain. */
export const evaluationOf = ({ outcome }: { readonly outcome?: UnitOutcome | undefined } = {}) =>
  outcome?.kind === 'evaluated' ? outcome : undefined

export interface UnitRecord {
  readonly unit: Unit
  readonly state: UnitState
  readonly sinceMs: number
  /** Why it is in this state. */
  readonly reason: string
  /** Present while leased. */
  readonly lease?: Lease
  /** Present once committed. */
  readonly outcome?: UnitOutcome
  /** Leases that ended without a commitment. */
  readonly failures: number
  /** Nodes that failed it, and until when they shall not have it again. */
  readonly avoid?: ReadonlyMap<Peer, number>
  /** Who was to keep it, by the nodes that had it in lease. */
  readonly named?: ReadonlyMap<Peer, readonly Peer[]>
}

/** Which states may follow which. Nothing leaves `settled` or `voided`; a round that is void is opened anew. */
const MOVES: Record<UnitState, readonly UnitState[]> = {
  // A node whose lease has run out may still commit: the work is the same work.
  open: ['leased', 'committed', 'voided'],
  leased: ['open', 'committed', 'voided'],
  committed: ['settled', 'open', 'voided'],
  settled: [],
  voided: [],
}

export const mayMove = (from: UnitState, to: UnitState): boolean => MOVES[from].includes(to)

/** Opens a unit. */
export const openUnit = (unit: Unit, nowMs: number, reason: string): UnitRecord => ({
  unit,
  state: 'open',
  sinceMs: nowMs,
  reason,
  failures: 0,
})

interface Move {
  readonly to: UnitState
  readonly nowMs: number
  readonly reason: string
  readonly lease?: Lease
  readonly outcome?: UnitOutcome
}

/** Moves a unit. Throws `InternalError` on a move that the table does not have, or one without a reason. */
export function moveUnit(record: UnitRecord, { to, nowMs, reason, lease, outcome }: Move): UnitRecord {
  if (!mayMove(record.state, to) || reason === '')
    throw new InternalError('BadUnitMove', `a unit cannot go from ${record.state} to ${to}: ${reason || 'no reason'}`)
  const kept = to === 'settled' ? record.outcome : outcome
  const failed = record.state === 'leased' && to === 'open'
  return {
    unit: record.unit,
    state: to,
    sinceMs: nowMs,
    reason,
    failures: record.failures + Number(failed),
    ...(lease === undefined ? {} : { lease }),
    ...(kept === undefined ? {} : { outcome: kept }),
    ...(record.avoid === undefined ? {} : { avoid: record.avoid }),
    ...(record.named === undefined ? {} : { named: record.named }),
  }
}

/** Names a unit as people read it. */
export const unitName = ({ kind, round, replica }: Unit): string =>
  kind === 'evaluate' ? `evaluation after round ${round}` : `round ${round} replica ${replica}`
