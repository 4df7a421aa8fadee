/**
 * Which windows of the data a replica reads at a step. SPEC: numerics.md N5; docs/spec/job.md "Data order".
 * DETERMINISM: integers only, and a function of its arguments alone, so an audit of one step needs no other step.
 */
import { philox4x32, uniformBelow } from '@cairn/primitives'

export interface WindowDraw {
  /** The job's seed, an unsigned 32-bit integer. */
  readonly seed: number
  readonly replica: number
  /** Inner steps before this one since the job began: round * innerSteps + step of the unit. */
  readonly step: number
  /** Windows to draw. */
  readonly batch: number
  /** Offsets to choose from: training tokens - context, or training samples of digits. From 1 to 2^32 - 1. */
  readonly positions: number
}

export interface EvaluationWindows {
  /** Windows in an evaluation: batches * batch. */
  readonly windows: number
  /** Offsets to choose from: validation tokens - context, or held-out samples of digits. */
  readonly positions: number
}

/** Second word of the Philox key, "data" in ASCII: keeps this stream apart from those of operators, numbered from 0. */
export const DATA_STREAM = 0x64617461

/**
 * Draws the offsets of a step's windows, with replacement, in the order of the batch; micro-batches are consecutive
 * parts of it. Offset i is floor(w * positions / 2^32), w the first word of Philox4x32-10 with counter
 * (i, replica, step, 0) and key (seed, 0x64617461).
 */
export function windowOffsets({ seed, replica, step, batch, positions }: WindowDraw): number[] {
  return Array.from({ length: batch }, (_, index) => {
    const [word] = philox4x32([index, replica, step, 0], [seed, DATA_STREAM])
    return uniformBelow(word, positions)
  })
}

/**
 * Spreads an evaluation's windows evenly: offset i is floor(i * positions / windows), the same at every evaluation.
 * As many windows as positions read each exactly once.
 */
export function evaluationOffsets({ windows, positions }: EvaluationWindows): number[] {
  return Array.from({ length: windows }, (_, index) => Number((BigInt(index) * BigInt(positions)) / BigInt(windows)))
}
