/**
 * The learning-rate schedule and AdamW's bias corrections as a table of f32 constants, one row a step (SPEC: N7).
 * Row: rate, keep = 1 - rate * weightDecay, 1/(1 - beta1^t), 1/(1 - beta2^t).
 */
import { integerPower, sineCosine } from '@cairn/engine'

export interface OptimiserSettings {
  readonly learningRate: number
  readonly minLearningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly weightDecay: number
  readonly warmupSteps: number
  /** What goes into the program as it stands in the specification: f32 bits, rounded once from the decimal. */
  readonly bits: { readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly clipNorm: number }
}

/** Linear warm-up from rate/warmup, then a cosine that would reach the minimum one step after the last. `step` counts from 0. */
export function learningRateAt(o: OptimiserSettings, step: number, steps: number): number {
  if (step < o.warmupSteps) return (o.learningRate * (step + 1)) / o.warmupSteps
  const progress = (step - o.warmupSteps) / Math.max(1, steps - o.warmupSteps)
  const [, cosine] = sineCosine(Math.PI * progress)
  return o.minLearningRate + (o.learningRate - o.minLearningRate) * 0.5 * (1 + cosine)
}

/** Returns the table's rows. `momentSteps` is after how many steps the moments restart (t counts from 1). */
export function scheduleRows(o: OptimiserSettings, steps: number, momentSteps: number, decays: boolean): number[][] {
  return Array.from({ length: steps }, (_, step) => {
    const rate = learningRateAt(o, step, steps)
    const t = (step % momentSteps) + 1
    const correction = (beta: number) => 1 / (1 - integerPower(beta, t))
    return [rate, decays ? 1 - rate * o.weightDecay : 1, correction(o.beta1), correction(o.beta2)]
  })
}
