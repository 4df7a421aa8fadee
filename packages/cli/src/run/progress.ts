/** How far a run is, how fast, and how long it still takes; computed from its events and the clock. */
import type { JobSpec } from '@cairn/protocol'
import type { Position } from './metrics.ts'

export interface Progress {
  readonly stepsDone: number
  readonly steps: number
  readonly tokensPerSecond: number
  readonly msLeft: number
  /** Losses of the latest steps, oldest first. */
  readonly losses: readonly number[]
}

/** Speed is that of the last half minute: other programs come and go. */
const WINDOW_MS = 30_000
const SHOWN_LOSSES = 400

export interface ProgressTracker {
  /** Says where a resumed run goes on. */
  resume(position: Position): void
  step(loss: number, nowMs: number): Progress
}

/** Tokens (digits: samples) that one inner step of one replica reads. */
export function tokensPerStep({ model, schedule }: JobSpec): number {
  return schedule.batch * (model.kind === 'mlp' ? 1 : model.context)
}

/** Follows a run that begins now. */
export function trackProgress(spec: JobSpec, beganMs: number): ProgressTracker {
  const { replicas, rounds, innerSteps } = spec.schedule
  const steps = replicas * rounds * innerSteps
  let stepsDone = 0
  let marks = [{ at: beganMs, stepsDone }]
  const losses: number[] = []
  return {
    resume({ round, units, step }) {
      stepsDone = (round * replicas + units) * innerSteps + step
      marks = [{ at: beganMs, stepsDone }]
    },
    step(loss, now) {
      stepsDone++
      losses.push(loss)
      if (losses.length > SHOWN_LOSSES) losses.shift()
      if (now - (marks.at(-1)?.at ?? 0) > 500) marks.push({ at: now, stepsDone })
      while (marks.length > 2 && now - (marks[1]?.at ?? now) > WINDOW_MS) marks.shift()
      const from = marks[0] ?? { at: beganMs, stepsDone: 0 }
      const stepsPerMs = (stepsDone - from.stepsDone) / Math.max(1, now - from.at)
      return {
        stepsDone,
        steps,
        tokensPerSecond: stepsPerMs * 1000 * tokensPerStep(spec),
        msLeft: (steps - stepsDone) / stepsPerMs,
        losses: [...losses],
      }
    },
  }
}
