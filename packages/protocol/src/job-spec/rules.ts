/**
 * What must hold between the keys of a job specification. One row a rule; a rule that reads a missing or impossible
 * value is silent, because that value has a problem of its own.
 */
import { compareDecimals, type Decimal } from '../decimal.ts'
import { type KeyPath, valueAt } from '../key-path.ts'
import { MAX_COUNT } from './fields.ts'

export interface BrokenRule {
  readonly path: KeyPath
  readonly expected: string
  readonly fix: string
}

interface Finding {
  readonly expected: string
  readonly fix: string
}

interface Rule {
  readonly path: string
  find(spec: unknown): Finding | undefined
}

/** SPEC: docs/spec/job.md: a digit has 28 x 28 pixels and is one of ten. */
const DIGIT_PIXELS = 784
const DIGIT_CLASSES = 10
const BYTE_TOKENS = 256

const RULES: readonly Rule[] = [
  onIntegers('model.heads', ['model.width'], (heads, width) =>
    unless(width % heads === 0, `a divisor of model.width (${width})`, `Use ${nearestDivisors(width, heads)}.`),
  ),
  onIntegers('model.kvHeads', ['model.heads'], (kvHeads, heads) =>
    unless(heads % kvHeads === 0, `a divisor of model.heads (${heads})`, `Use ${nearestDivisors(heads, kvHeads)}.`),
  ),
  onIntegers('model.width', ['model.heads', 'model.kvHeads'], (width, heads) =>
    unless(
      width % heads !== 0 || (width / heads) % 2 === 0,
      `an even number of features per head; rotary positions turn them in pairs`,
      `Use a multiple of ${2 * heads}.`,
    ),
  ),
  onIntegers('schedule.microBatches', ['schedule.batch'], (parts, batch) =>
    unless(batch % parts === 0, `a divisor of schedule.batch (${batch})`, `Use ${nearestDivisors(batch, parts)}.`),
  ),
  onIntegers('schedule.checkpoints', ['schedule.innerSteps'], (checkpoints, steps) =>
    unless(checkpoints <= steps, `at most schedule.innerSteps (${steps})`, `Use ${steps} or fewer, or longer rounds.`),
  ),
  onIntegers('schedule.rounds', ['schedule.innerSteps'], (rounds, steps) =>
    unless(
      rounds * steps <= MAX_COUNT,
      `at most ${Math.floor(MAX_COUNT / steps)} rounds of ${steps} steps`,
      'Train in fewer or shorter rounds.',
    ),
  ),
  onIntegers('optimiser.warmupSteps', ['schedule.rounds', 'schedule.innerSteps'], (warmup, rounds, steps) =>
    unless(
      warmup <= rounds * steps,
      `at most the job's ${rounds * steps} steps (schedule.rounds * schedule.innerSteps)`,
      'Shorten the warm-up or train for longer.',
    ),
  ),
  onIntegers('evaluation.everyRounds', ['schedule.rounds'], (every, rounds) =>
    unless(every <= rounds, `at most schedule.rounds (${rounds})`, `Use ${rounds} to evaluate once, at the end.`),
  ),
  onTexts('optimiser.minLearningRate', ['optimiser.learningRate'], (minimum, peak) =>
    unless(
      compareDecimals(minimum as Decimal, peak as Decimal) <= 0,
      `at most optimiser.learningRate (${peak})`,
      'Lower it, or leave it out for 0.',
    ),
  ),
  onTexts('model.kind', ['data.kind'], (model, data) =>
    unless((model === 'mlp') === (data === 'digits'), modelsFor(data), 'Change the model or the data.'),
  ),
  {
    path: 'model.vocabulary',
    find: spec => {
      const vocabulary = integerAt(spec, 'model.vocabulary')
      if (vocabulary === undefined || valueAt(spec, keys('data.tokeniser')) !== 'bytes') return undefined
      return unless(vocabulary >= BYTE_TOKENS, 'at least 256, one for every byte', 'Leave it out, or raise it.')
    },
  },
  {
    path: 'model.layers.0',
    find: spec =>
      unless(digitWidths(spec).at(0) === DIGIT_PIXELS, '784, the pixels of a digit', 'Begin the list with 784.'),
  },
  {
    path: 'model.layers',
    find: spec =>
      unless(digitWidths(spec).at(-1) === DIGIT_CLASSES, 'a last width of 10, one per digit', 'End the list with 10.'),
  },
]

/** Finds every broken rule of a specification that may have other problems too. */
export function brokenRules(spec: unknown): BrokenRule[] {
  return RULES.flatMap(({ path, find }) => {
    const finding = find(spec)
    return finding ? [{ path: keys(path), ...finding }] : []
  })
}

function onIntegers(path: string, others: readonly string[], find: (...values: number[]) => Finding | undefined): Rule {
  return {
    path,
    find: spec =>
      applied(
        find,
        [path, ...others].map(at => integerAt(spec, at)),
      ),
  }
}

function onTexts(path: string, others: readonly string[], find: (...values: string[]) => Finding | undefined): Rule {
  return {
    path,
    find: spec =>
      applied(
        find,
        [path, ...others].map(at => textAt(spec, at)),
      ),
  }
}

const applied = <T>(find: (...values: T[]) => Finding | undefined, values: readonly (T | undefined)[]) =>
  values.includes(undefined) ? undefined : find(...(values as T[]))

const unless = (holds: boolean, expected: string, fix: string): Finding | undefined =>
  holds ? undefined : { expected, fix }

const keys = (path: string): KeyPath => path.split('.').map(key => (/^\d+$/.test(key) ? Number(key) : key))

function integerAt(spec: unknown, path: string): number | undefined {
  const value = valueAt(spec, keys(path))
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined
}

function textAt(spec: unknown, path: string): string | undefined {
  const value = valueAt(spec, keys(path))
  return typeof value === 'string' ? value : undefined
}

/** The widths of an MLP on digits, or widths that break no rule. */
function digitWidths(spec: unknown): readonly unknown[] {
  const widths = valueAt(spec, keys('model.layers'))
  const isJudged = valueAt(spec, keys('data.kind')) === 'digits' && Array.isArray(widths) && widths.length > 1
  return isJudged ? widths : [DIGIT_PIXELS, DIGIT_CLASSES]
}

const modelsFor = (data: string): string => (data === 'digits' ? 'mlp for digits' : `gpt or llama for ${data}`)

/** The largest divisor of n below `wanted` and the smallest above it. */
function nearestDivisors(n: number, wanted: number): string {
  let below = Math.min(wanted, n)
  while (n % below !== 0) below--
  let above = Math.min(wanted, n)
  while (n % above !== 0) above++
  return below === above ? String(below) : `${below} or ${above}`
}
