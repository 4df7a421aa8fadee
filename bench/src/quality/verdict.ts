/**
 * What the runs say: differences to fp32 in pairs of the same model and seed, their mean and spread over the seeds, and
 * whether they keep the bars of numerics.md. Training amplifies every rounding, so that one pair proves nothing.
 */
import { lessIsBetter, type Row } from '../rows.ts'
import { type ModelName, modelNames } from './plan.ts'
import type { Result } from './results.ts'

type Integer = 'mx8' | 'mx12'

/** How much more validation loss than fp32 a width may cost, in percent. */
const bars: Record<Integer, number> = { mx12: 0.5, mx8: 1 }
const widths = Object.keys(bars) as Integer[]

const SEEDS_NEEDED = 3

/** 97.5 % points of Student's t for 1, 2, ... degrees of freedom; beyond the list the last one will do. */
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]

export interface Verdict {
  readonly model: ModelName
  readonly width: Integer
  readonly seeds: number
  /** All in percent of the loss of fp32; positive where the integers are worse. */
  readonly mean: number
  /** Standard deviation over the seeds. */
  readonly spread: number
  /** Upper end of the 95 % interval of the mean; infinite for one seed. */
  readonly upper: number
  readonly bar: number
  readonly conclusion: 'within' | 'within by the mean only' | 'missed' | 'too few seeds'
}

interface Pair {
  readonly seed: number
  readonly integer: number
  readonly float: number
}

function pairsOf(results: readonly Result[], model: ModelName, width: Integer): Pair[] {
  const own = results.filter(result => result.model === model)
  return own
    .filter(result => result.way === 'fp32')
    .flatMap(({ seed, validationLoss: float }) =>
      own
        .filter(result => result.way === width && result.seed === seed)
        .map(({ validationLoss: integer }) => ({ seed, integer, float })),
    )
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

function conclude(seeds: number, mean: number, upper: number, bar: number): Verdict['conclusion'] {
  if (seeds < SEEDS_NEEDED) return 'too few seeds'
  if (mean > bar) return 'missed'
  return upper <= bar ? 'within' : 'within by the mean only'
}

function judge(model: ModelName, width: Integer, pairs: readonly Pair[]): Verdict {
  const differences = pairs.map(({ integer, float }) => (100 * (integer - float)) / float)
  const [seeds, bar, mean] = [pairs.length, bars[width], meanOf(differences)]
  const spread = seeds > 1 ? deviationOf(differences) : Number.POSITIVE_INFINITY
  const upper = mean + ((STUDENT[seeds - 2] ?? STUDENT.at(-1)!) * spread) / Math.sqrt(seeds)
  return { model, width, seeds, mean, spread, upper, bar, conclusion: conclude(seeds, mean, upper, bar) }
}

const eachWidth = <T>(results: readonly Result[], make: (model: ModelName, width: Integer, pairs: Pair[]) => T): T[] =>
  modelNames.flatMap(model =>
    widths.flatMap(width => {
      const pairs = pairsOf(results, model, width)
      return pairs.length === 0 ? [] : [make(model, width, pairs)]
    }),
  )

/** Judges every model and width for which there are pairs. */
export const verdictsOf = (results: readonly Result[]): Verdict[] => eachWidth(results, judge)

const lossRows = (model: ModelName, width: Integer, pairs: readonly Pair[]): Row[] =>
  pairs.map(({ seed, integer, float }) =>
    lessIsBetter({
      suite: 'quality',
      case: `${model} seed ${seed}`,
      metric: `${width} validation loss`,
      unit: 'nats',
      value: integer,
      peer: 'fp32',
      peerValue: float,
    }),
  )

function differenceRows({ model, width, mean, spread, bar }: Verdict): Row[] {
  const row = (metric: string, value: number, peer: string, peerValue: number): Row => ({
    suite: 'quality',
    case: model,
    metric: `${width} paired difference, ${metric}`,
    unit: '%',
    value: Number.isFinite(value) ? value : null,
    peer,
    peerValue,
    ratio: null,
  })
  return [row('mean', mean, 'bar', bar), row('spread', spread, 'mean', mean)]
}

/** Rows for the table and for JSON: every pair of losses, then mean and spread of the differences. */
export const rowsOf = (results: readonly Result[]): Row[] => [
  ...eachWidth(results, lossRows).flat(),
  ...verdictsOf(results).flatMap(differenceRows),
]

const percent = (value: number) => (Number.isFinite(value) ? `${value < 0 ? '' : '+'}${value.toFixed(3)} %` : '-')

/** Lays verdicts out as a Markdown table, ready for the decision record. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const head = '| model | width | seeds | mean difference | spread | 95 % upper end | bar | verdict |'
  const lines = verdicts.map(v => {
    const figures = [v.mean, v.spread, v.upper].map(percent).join(' | ')
    return `| ${v.model} | ${v.width} | ${v.seeds} | ${figures} | ${v.bar} % | ${v.conclusion} |`
  })
  return [head, '|---|---|---|---|---|---|---|---|', ...lines].join('\n')
}
