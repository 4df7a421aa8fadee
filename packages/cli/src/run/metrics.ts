/** `metrics.jsonl`: one line a step, and one a round that was evaluated. For plots; no receipt depends on it. */
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { floatOfBits } from '@cairn/engine'
import { writeError, writeText } from '@cairn/node/files'
import type { Evaluation } from '@cairn/training'
import { METRICS } from '../files/run-directory.ts'

export interface StepMetric {
  readonly round: number
  readonly replica: number
  /** Inner step of the round, from 0. */
  readonly step: number
  readonly loss: number
  readonly gradientNorm: number
}

export interface EvaluationMetric {
  readonly round: number
  readonly validationLoss: number
  readonly accuracy: number
}

export type Metric = StepMetric | EvaluationMetric

/** Where a run goes on: finished rounds, finished units of the next, finished steps of the unit after them. */
export interface Position {
  readonly round: number
  readonly units: number
  readonly step: number
}

/** Tells whether a metric belongs to work that is done at a position; later work will be done, and written, again. */
export function isBefore(metric: Metric, { round, units, step }: Position): boolean {
  if (metric.round !== round || !('replica' in metric)) return metric.round < round
  return metric.replica < units || (metric.replica === units && metric.step < step)
}

/** Reads metrics; a last line that a crash cut off is left out. */
export function parseMetrics(text: string): Metric[] {
  return text.split('\n').flatMap(line => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Metric]
    } catch {
      return []
    }
  })
}

export interface MetricsFile {
  readonly entries: readonly Metric[]
  add(metric: Metric): void
  addEvaluation(round: number, evaluation: Evaluation): void
}

const lineOf = (metric: Metric): string => `${JSON.stringify(metric)}\n`

/** Opens the file of a run at a position. Throws `ResourceError`. */
export async function openMetrics(out: string, position: Position): Promise<MetricsFile> {
  const path = join(out, METRICS)
  const text = await readFile(path, 'utf8').catch(() => '')
  const entries = parseMetrics(text).filter(metric => isBefore(metric, position))
  await writeText(path, entries.map(lineOf).join(''))
  const add = (metric: Metric): void => {
    entries.push(metric)
    try {
      appendFileSync(path, lineOf(metric))
    } catch (cause) {
      throw writeError(path, lineOf(metric).length, cause)
    }
  }
  return {
    entries,
    add,
    addEvaluation: (round, { lossBits, accuracy }) => add({ round, validationLoss: floatOfBits(lossBits), accuracy }),
  }
}
