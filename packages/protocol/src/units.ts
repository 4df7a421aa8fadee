/**
 * Units of work and what workers say about them. SPEC: protocol.md section 2; docs/spec/roots.md "Identities".
 * A unit is F(global root, replica root, round, replica) -> (update, new replica root, checkpoint roots, loss bits).
 * Not here: signatures and custody, which join a commitment when it travels.
 */
import { type Brand, encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import type { JobSpec } from './job-spec.ts'

/** A job's identity, 64 lower-case hex digits. */
export type JobId = Brand<string, 'JobId'>

/** A unit's identity, 64 lower-case hex digits. */
export type UnitId = Brand<string, 'UnitId'>

export type UnitKind = 'train' | 'evaluate'

/** The piece of work that is leased, committed, audited and paid. */
export interface Unit {
  readonly job: JobId
  /** From 0. */
  readonly round: number
  /** From 0; 0 for `evaluate`, which belongs to no replica. */
  readonly replica: number
  readonly kind: UnitKind
}

/** What a worker claims to have found by doing a unit. */
export interface Commitment {
  readonly unit: Unit
  /** Root of the global state that the unit started from. */
  readonly globalRoot: HashHex
  /** Root of the replica's state that the unit started from. */
  readonly replicaRoot: HashHex
  /** Root of the update that goes into the outer step. */
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
  /** Roots after the steps of `checkpointSteps`, in their order. */
  readonly checkpointRoots: readonly HashHex[]
  /** Bits of the f32 loss, as an unsigned 32-bit integer. */
  readonly lossBits: number
}

/** A commitment as it travels: it also binds its worker to what every step of the unit left, for audits. */
export interface SaltedCommitment extends Commitment {
  /** Root over salted leaves of the steps. */
  readonly stepsRoot: HashHex
  /** SHA-256 of the salt. */
  readonly saltHash: HashHex
}

/** Checkpoints of a unit at most, by messages and by the contract. */
export const MOST_CHECKPOINTS = 1024

/** What stands for every root that a unit which left the domain would have left: SHA-256 of `cairn/diverged`. */
export const DIVERGED_ROOT = 'd2c57d607e1d45cbc162f2466d994508dbb6486cb584059a13983f208b170490' as HashHex

/** Computes the identity of a job in one process: two jobs with one specification and one program are the same job. */
export const jobId = (hash: HashFunction, specHash: HashHex, programRoot: HashHex): JobId =>
  identity(hash, ['cairn/job/v1', hashFromHex(specHash), hashFromHex(programRoot)]) as string as JobId

/** Computes the identity of a unit. */
export const unitId = (hash: HashFunction, { job, round, replica, kind }: Unit): UnitId =>
  identity(hash, ['cairn/unit/v1', hashFromHex(job), round, replica, kind]) as string as UnitId

/**
 * Lists after how many steps of a unit its checkpoints are taken: floor(c * innerSteps / checkpoints) for c from 1.
 * The last is the unit's end. `parseJobSpec` sees to it that no two coincide.
 */
export const checkpointSteps = ({ innerSteps, checkpoints }: JobSpec['schedule']): number[] =>
  Array.from({ length: checkpoints }, (_, i) => Math.floor(((i + 1) * innerSteps) / checkpoints))

/** Tells whether the global state after a round is evaluated: after every `everyRounds` rounds, and after the last. */
export function evaluatesAfter({ evaluation, schedule }: JobSpec, round: number): boolean {
  return (round + 1) % evaluation.everyRounds === 0 || round + 1 === schedule.rounds
}

const identity = (hash: HashFunction, parts: readonly unknown[]): HashHex => hashToHex(hash(encodeCanonical(parts)))
