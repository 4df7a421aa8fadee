/**
 * A part of a unit done again for an audit: the steps between two checkpoints, and what the last of them is closed by.
 * SPEC: docs/spec/audits.md "Segments". From the checkpoint before it where that is there, else from the unit's start.
 */
import type { HashFunction, HashHex } from '@cairn/primitives'
import { DIVERGED, lossRoot, type Segment, type StepValues } from '@cairn/protocol'
import { firstMoment, secondMoment } from '../compile/inner-graph.ts'
import { errorFeedback } from '../compile/outer-graphs.ts'
import type { Model } from '../models/model.ts'
import type { Executor } from './executor.ts'
import type { Outcome } from './outcome.ts'
import { ROUND, STEP, type State } from './state.ts'
import type { UnitRequest, UnitResult } from './unit.ts'

export interface SegmentRequest extends Pick<UnitRequest, 'round' | 'replica' | 'global' | 'replicaState'> {
  readonly segment: Segment
  /** The state at the segment's start, of all but a unit's first. */
  readonly checkpoint?: State
  /** Called after every step; the work stops and there is no result when it answers `stop`. */
  readonly onStep?: (done: number) => 'stop' | undefined
}

/** What an attestation is made of. */
export interface SegmentResult {
  /** Root at the segment's start, where the steps before it were done too: whoever says what follows from it has to know it. */
  readonly startRoot?: HashHex
  /** Root at the segment's end; in the last segment also, after it, of update, new replica state and loss. */
  readonly ends: readonly HashHex[]
  /** Of every step of the segment. Those that were not done, because one left the domain, are zero. */
  readonly values: readonly StepValues[]
}

/** Tensors of a unit's start that a segment is done again from, by name. */
export interface StartNames {
  readonly global: readonly string[]
  readonly replica: readonly string[]
}

/**
 * Names what a segment reads of its unit's start. PERF: outer momentum never, error feedback only where the update is made, and moments
 * not where there is a checkpoint, which has all that steps carry; all those together are most of the states.
 */
export function startNames(
  { parameters }: Pick<Model, 'parameters'>,
  { isLast }: Pick<Segment, 'isLast'>,
  hasCheckpoint: boolean,
): StartNames {
  const names = parameters.map(({ name }) => name)
  if (hasCheckpoint && !isLast) return { global: [], replica: [] }
  const moments = hasCheckpoint ? [] : names.flatMap(name => [firstMoment(name), secondMoment(name)])
  return { global: [...names, ROUND], replica: [...moments, ...(isLast ? names.map(errorFeedback) : []), STEP] }
}

const NO_VALUES: StepValues = { lossBits: 0, normBits: [] }

function lastEnds(hash: HashFunction, unit: Outcome<UnitResult>): HashHex[] {
  if (!unit.ok) return [DIVERGED, DIVERGED, lossRoot(hash, 'unitLoss', 0)]
  const { updateRoot, replicaRoot, lossBits } = unit.value
  return [updateRoot, replicaRoot, lossRoot(hash, 'unitLoss', lossBits)]
}

/** Does a segment. Returns undefined when it was stopped. */
export async function runSegment(
  executor: Executor,
  hash: HashFunction,
  { segment, checkpoint, onStep, ...unit }: SegmentRequest,
): Promise<SegmentResult | undefined> {
  const { firstStep, steps, isLast } = segment
  const values: StepValues[] = []
  let [start, end, isStopped]: [HashHex, HashHex, boolean] = [DIVERGED, DIVERGED, false]
  const outcome = await executor.runUnit({
    ...unit,
    ...(checkpoint && { resume: { done: firstStep, checkpoint, checkpointRoots: [] } }),
    async onStep(report) {
      if (report.done === firstStep) start = report.checkpointRoot as HashHex
      if (report.done > firstStep) values.push(report.values)
      const isEnd = report.done === firstStep + steps
      if (isEnd) end = report.checkpointRoot as HashHex
      isStopped = !isEnd && onStep?.(report.done) === 'stop'
      return isStopped || (isEnd && !isLast) ? 'stop' : undefined
    },
  })
  if (isStopped) return undefined
  while (values.length < steps) values.push(NO_VALUES)
  const isFromStart = firstStep > 0 && checkpoint === undefined
  return {
    ...(isFromStart && { startRoot: start }),
    ends: [end, ...(isLast && outcome ? lastEnds(hash, outcome) : [])],
    values,
  }
}
