/** The steps of a unit that one audit does again. SPEC: docs/spec/audits.md "Segments". */

export interface Segment {
  /** Steps of the unit, from 0; in an evaluation, batches. */
  readonly firstStep: number
  readonly steps: number
  /** Whether what the unit leaves behind follows: update, new replica state, loss. */
  readonly isLast: boolean
}

/** Returns the steps between checkpoint `segment` (0: the unit's start) and the next. An evaluation has one segment. */
export function segmentOf({ steps, segments }: { steps: number; segments: number }, segment: number): Segment {
  const [firstStep, end] = [segment, segment + 1].map(count => Math.floor((count * steps) / segments)) as [
    number,
    number,
  ]
  return { firstStep, steps: end - firstStep, isLast: segment + 1 === segments }
}
