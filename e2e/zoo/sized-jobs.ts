/** Jobs of several sizes, on a text that is made here, so that what disputes about them cost can be measured anywhere. */
import type { HashFunction } from '@cairn/primitives'
import { philox4x32 } from '@cairn/primitives'
import { parseJobSpec } from '@cairn/protocol'
import { compileJob, prepareData } from '@cairn/training'
import type { ZooJob } from './work.ts'

const long = { dropout: 0, innerSteps: 50, checkpoints: 5 }
const models = {
  /** For tests: less than a second for all of a unit. */
  tiny: { layers: 1, heads: 2, width: 32, context: 32, batch: 2, dropout: 0.1, innerSteps: 6, checkpoints: 3 },
  S: { layers: 4, heads: 4, width: 128, context: 128, batch: 8, ...long },
  M: { layers: 6, heads: 6, width: 384, context: 256, batch: 4, ...long },
} as const

export type ModelSize = Exclude<keyof typeof models, 'tiny'>

export const MODEL_SIZES: readonly ModelSize[] = ['S', 'M']

const LINES = 12_000
/** All 65 characters of the text. */
const NAMES = ['Anna', 'Bob', 'Cem', 'Dora', 'Eve', 'Fritz', 'Greg', 'Hal', 'Ida', 'Jo', 'Kim', 'Lu', 'Max', 'Nina']
const MORE = ['Otto', 'Pia', 'Quinn', 'Rex', 'Sue', 'Tom', 'Uli', 'Vera', 'Wim', 'Xaver', 'Yves', 'Zoe']
const VERBS = ['asked', 'begged', 'joked', 'quizzed', 'told', 'vexed', 'watched', 'paid', 'hugged', 'followed']
const ENDS = ['.', '!', '?', ';', ':', ' - why?', "'s cat, too.", ' & co.', ' for 3$.']

/** A few hundred kB of sentences. */
function text(): Uint8Array {
  const names = [...NAMES, ...MORE]
  const pick = (from: readonly string[], word: number) => from[word % from.length] as string
  const lines = Array.from({ length: LINES }, (_, i) => {
    const [a, b, c, d] = philox4x32([i, 0, 0, 0], [5, 6])
    return `${pick(names, a)} ${pick(VERBS, b)} ${pick(names, c)}${pick(ENDS, d)}\n`
  })
  return new TextEncoder().encode(lines.join(''))
}

/** Compiles a GPT of a size. */
export function sizedJob(size: keyof typeof models, hash: HashFunction): ZooJob {
  const { batch, innerSteps, checkpoints, ...model } = models[size]
  const spec = parseJobSpec({
    apiVersion: 'cairn/v1',
    name: `gpt ${size}`,
    model: { kind: 'gpt', ...model },
    data: { kind: 'text', source: 'sentences.txt', tokeniser: 'characters' },
    optimiser: { learningRate: 0.001, warmupSteps: Math.floor(innerSteps / 2.5) },
    schedule: { replicas: 2, innerSteps, rounds: 2, batch, checkpoints },
    evaluation: { batches: 2 },
    seed: 7,
  })
  const data = prepareData(spec, { path: 'sentences.txt', bytes: text() }, hash)
  return { spec, data, program: compileJob(spec, data, hash) }
}
