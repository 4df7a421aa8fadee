/** What a run writes besides its store: the job and tokeniser at the start; plot, weights and receipt at the end. */
import { dirname, join, relative } from 'node:path'
import { floatOfBits } from '@cairn/engine'
import { sha256, writeText, writeWhole } from '@cairn/node/files'
import { encodeReceipt, type JobSpec, type Receipt } from '@cairn/protocol'
import { receiptOf, type Tokeniser, type TrainResult, weightsFile } from '@cairn/training'
import { JOB, ORIGIN, PLOT, RECEIPT, TOKENISERS, WEIGHTS } from '../files/run-directory.ts'
import { type LossPlot, lossPlot, type Point } from '../screen/loss-plot.ts'
import type { EvaluationMetric, Metric, StepMetric } from './metrics.ts'
import type { PreparedJob } from './prepare.ts'

interface Place {
  readonly prepared: PreparedJob
  readonly out: string
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Writes the normalised job and its tokeniser: what `sample` and `export` need beside the weights. */
export async function writeJob(out: string, spec: JobSpec, tokeniser: Tokeniser | undefined): Promise<void> {
  await writeText(join(out, JOB), json(spec))
  if (tokeniser !== undefined) await writeText(join(out, TOKENISERS[tokeniser.kind]), json(tokeniser.toJson()))
}

/** Writes the normalised job, where its paths start, and its tokeniser. */
export async function writeInputs({ prepared: { job, data }, out }: Place): Promise<void> {
  await writeJob(out, job.spec, data.tokeniser)
  await writeText(join(out, ORIGIN), json({ jobDirectory: relative(out, dirname(job.path)) || '.' }))
}

/** Names what a loss is counted by. */
export function lossUnit({ data }: JobSpec): string {
  if (data.kind === 'digits') return 'nats per digit'
  if (data.tokeniser === 'bytes') return 'nats per byte'
  return data.tokeniser === 'characters' ? 'nats per character' : 'nats per token'
}

/** Averages the replicas' losses at every step of the job, in order. */
function trainingPoints(metrics: readonly Metric[], innerSteps: number): Point[] {
  const byStep = new Map<number, { sum: number; count: number }>()
  for (const { round, step, loss } of metrics.filter((metric): metric is StepMetric => 'replica' in metric)) {
    const at = byStep.get(round * innerSteps + step + 1) ?? { sum: 0, count: 0 }
    byStep.set(round * innerSteps + step + 1, { sum: at.sum + loss, count: at.count + 1 })
  }
  return [...byStep].sort(([a], [b]) => a - b).map(([step, { sum, count }]) => ({ step, loss: sum / count }))
}

/** Draws losses into the `loss.svg` of a directory. */
export async function drawLosses(
  out: string,
  spec: JobSpec,
  losses: Pick<LossPlot, 'training' | 'validation'>,
): Promise<void> {
  const { innerSteps, rounds } = spec.schedule
  const plot = lossPlot({ title: spec.name, steps: innerSteps * rounds, ...losses, unit: lossUnit(spec) })
  await writeText(join(out, PLOT), plot)
}

/** Draws the losses so far into `loss.svg`. */
export async function drawPlot({ prepared: { job }, out }: Place, metrics: readonly Metric[]): Promise<void> {
  const { innerSteps } = job.spec.schedule
  await drawLosses(out, job.spec, {
    training: trainingPoints(metrics, innerSteps),
    validation: metrics
      .filter((metric): metric is EvaluationMetric => 'validationLoss' in metric)
      .map(({ round, validationLoss }) => ({ step: (round + 1) * innerSteps, loss: validationLoss })),
  })
}

/** Writes weights and receipt of a run that is over. */
export async function writeResults(
  { prepared: { program, data }, out }: Place,
  result: Exclude<TrainResult, { kind: 'stopped' }>,
): Promise<Receipt> {
  const bytes = weightsFile(program.model, result.global)
  const receipt = receiptOf(sha256, { program, data: data.facts, result, weights: { file: WEIGHTS, bytes } })
  await writeWhole(join(out, WEIGHTS), bytes)
  await writeWhole(join(out, RECEIPT), encodeReceipt(receipt))
  return receipt
}

/** The validation loss a receipt ends with, where there was an evaluation. */
export function finalLoss({ rounds }: Receipt): number | undefined {
  const bits = rounds.at(-1)?.evaluation?.lossBits
  return bits === undefined ? undefined : floatOfBits(bits)
}
