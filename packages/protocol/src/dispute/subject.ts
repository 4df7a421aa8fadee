/**
 * What a game is about, fixed while it lasts: a stretch of runs of one graph from agreed roots to a claimed end.
 * SPEC: docs/spec/disputes.md "Subject". All of it follows from the job's terms, its program and the claim; so a contract can
 * check it once and know it by its hash.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'

/** Graphs by number, in the order of the program. */
export const GRAPHS = ['initial', 'inner', 'update', 'outer', 'evaluation'] as const
export type SubjectGraph = (typeof GRAPHS)[number]

/** One end of a run: the root that is claimed after the last run, and where its slots stand in the program. */
export interface Target {
  /** Program leaf of its first slot. */
  readonly firstSlot: number
  readonly slots: number
  readonly root: HashHex
}

/** Where the graph stands in the program. */
interface Program {
  readonly programRoot: HashHex
  /** Leaves under the program root. */
  readonly programLeaves: number
  readonly graph: SubjectGraph
  /** Program leaf of the graph's first operator. */
  readonly firstOperator: number
  readonly operators: number
}

/** The agreed states that runs read. */
interface Agreed {
  /** The end of the run before the first; none when the first run begins from the unit's input. */
  readonly previous?: HashHex
  readonly globalRoot: HashHex
  readonly replicaRoot: HashHex
  /** Updates of the round, in replica order; for an outer step only. */
  readonly updateRoots: readonly HashHex[]
  /** Blob id of the job's data. */
  readonly dataRoot: HashHex
}

export interface Subject extends Program, Agreed {
  readonly job: JobId
  readonly round: number
  readonly replica: number
  readonly seed: number
  readonly innerSteps: number
  /** Step of the first run: counted from the job's begin, or batches of an evaluation. */
  readonly firstStep: number
  /** Only graphs with one target have more than one. */
  readonly runs: number
  readonly targets: readonly Target[]
}

/** What stands for the end root of a run that left the domain: SHA-256 of "cairn/diverged". */
export const DIVERGED = 'd2c57d607e1d45cbc162f2466d994508dbb6486cb584059a13983f208b170490' as HashHex
