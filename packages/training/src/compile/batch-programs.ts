/**
 * Batches as element programs: what a contract computes of a batch, from the data, the place of the run and tables. No
 * node runs them; a test holds the readers of `execute/dataset.ts` to them. SPEC: docs/spec/program.md "Batches".
 * DETERMINISM: the windows are those of `protocol/src/data-order.ts`.
 */
import {
  bytesOf,
  type ElementProgram,
  type F32,
  type I32,
  type Language,
  language,
  philoxWords,
  programBuilder,
} from '@cairn/engine'
import { InputError } from '@cairn/primitives'
import { DATA_STREAM, evaluationOffsets, type JobSpec } from '@cairn/protocol'
import { PIXELS_PER_DIGIT } from '../data/digits.ts'
import { tokenDtype, trainingTokens } from '../data/token-stream.ts'
import type { Model } from '../models/model.ts'
import type { OperandDtype } from './sources.ts'

/** What a program has to know of a job's data. */
export interface DataFacts {
  /** The tokeniser's size; 0 for classifiers. */
  readonly vocabulary: number
  /** Tokens, or images, in the blob. */
  readonly tokens: number
}

export interface BatchOperand {
  readonly from: 'data' | 'position' | 'constant'
  readonly dtype: OperandDtype
  readonly elements: number
  /** Little-endian; of a constant only. */
  readonly values?: Uint8Array
}

/** One input of a batch: element code over these operands. An i32 element is the result as it is, without canon. */
export interface BatchProgram {
  readonly program: ElementProgram
  readonly operands: readonly BatchOperand[]
}

/** The operands, by number. */
const [POSITION, DATA, FIRST_TABLE] = [0, 1, 2] as const
const STEP_OF_POSITION = 2
const LARGEST_INDEX = 2 ** 31 - 1

const position: BatchOperand = { from: 'position', dtype: 'i32', elements: 3 }
const table = (dtype: 'i32' | 'f32', values: Int32Array | Float32Array): BatchOperand => ({
  from: 'constant',
  dtype,
  elements: values.length,
  values: bytesOf(values),
})

/** A pixel in f32: divided by 255, rounded once. */
const pixelTable = (): BatchOperand =>
  table(
    'f32',
    Float32Array.from({ length: 256 }, (_, pixel) => pixel / 255),
  )

/** floor(n / divisor) for n from 0 to 2^31 - 1: a shift, or the high word of a product, shifted. */
function quotient(s: Language, n: I32, divisor: number): I32 {
  const shift = 31 - Math.clz32(divisor)
  if (divisor === 2 ** shift) return s.shiftRightU(n, shift)
  const factor = Number((2n ** BigInt(32 + shift) - 1n) / BigInt(divisor)) + 1 // rounded up
  return s.shiftRightU(s.mulHighU32(n, s.i32(factor)), shift)
}

/** Which windows of the data a graph reads. */
interface Windows {
  /** First sample or token of the part, and how many offsets it has. */
  readonly start: number
  readonly positions: number
  /** Rows of a run, and those before this (micro-)batch. */
  readonly batch: number
  readonly firstRow: number
  /** Offsets of all windows of an evaluation; absent for training, which draws them. */
  readonly offsets?: Int32Array
}

interface Shaped {
  readonly model: Model
  readonly facts: DataFacts
  readonly windows: Windows
}

/** Finds a row's first sample or token in the data. */
function sampleOf(s: Language, { start, positions, batch, firstRow, offsets }: Windows, row: I32, rank: number): I32 {
  const number = s.addI32(row, s.i32(firstRow))
  const zeros = new Array<number>(rank).fill(0)
  if (offsets === undefined) {
    const [word] = philoxWords(s, number, DATA_STREAM, rank)
    return s.addI32(s.mulHighU32(word, s.i32(positions)), s.i32(start))
  }
  const first = s.mulI32(s.loadI32(POSITION, zeros, STEP_OF_POSITION), s.i32(batch))
  return s.addI32(s.gatherI32(FIRST_TABLE, s.addI32(first, number)), s.i32(start))
}

type Build = (s: Language) => F32 | I32

function batchProgram(
  { windows, facts, model }: Shaped,
  build: Build,
  more: readonly BatchOperand[] = [],
): BatchProgram {
  const builder = programBuilder()
  const result = build(language(builder))
  const dataOperand: BatchOperand =
    model.kind === 'language'
      ? { from: 'data', dtype: tokenDtype(facts.vocabulary), elements: facts.tokens }
      : { from: 'data', dtype: 'u8', elements: facts.tokens * (PIXELS_PER_DIGIT + 1) }
  const tables = windows.offsets === undefined ? [] : [table('i32', windows.offsets)]
  return {
    program: builder.finish(result as F32),
    operands: [position, dataOperand, ...tables, ...more],
  }
}

/** Tokens [rows, context], and [rows x context] those one further on. */
function tokenBatch(shaped: Shaped, context: number): BatchPrograms {
  const { windows } = shaped
  return {
    x: batchProgram(shaped, s => {
      const first = sampleOf(s, windows, s.coordinate(0), 2)
      return s.gatherI32(DATA, s.addI32(first, s.coordinate(1)))
    }),
    targets: batchProgram(shaped, s => {
      const row = quotient(s, s.coordinate(0), context)
      const column = s.subI32(s.coordinate(0), s.mulI32(row, s.i32(context)))
      return s.gatherI32(DATA, s.addI32(sampleOf(s, windows, row, 1), s.addI32(column, s.i32(1))))
    }),
  }
}

/** Pixels [rows, pixels] and labels [rows]; the labels stand behind all pixels. */
function digitBatch(shaped: Shaped, width: number): BatchPrograms {
  const { windows, facts } = shaped
  const pixels = windows.offsets === undefined ? FIRST_TABLE : FIRST_TABLE + 1
  return {
    x: batchProgram(
      shaped,
      s => {
        const first = s.mulI32(sampleOf(s, windows, s.coordinate(0), 2), s.i32(width))
        return s.gather(pixels, s.gatherI32(DATA, s.addI32(first, s.coordinate(1))))
      },
      [pixelTable()],
    ),
    targets: batchProgram(shaped, s =>
      s.gatherI32(DATA, s.addI32(sampleOf(s, windows, s.coordinate(0), 1), s.i32(facts.tokens * width))),
    ),
  }
}

interface BatchPrograms {
  readonly x: BatchProgram
  readonly targets: BatchProgram
}

const batchOf = (shaped: Shaped): BatchPrograms =>
  shaped.model.kind === 'language' ? tokenBatch(shaped, shaped.model.context) : digitBatch(shaped, shaped.model.inputs)

/** Where the part to train on ends, and how many offsets both parts have. Throws `InputError` (`DataNotAddressable`). */
function split({ data }: JobSpec, model: Model, { tokens }: DataFacts): { cut: number; train: number; held: number } {
  const cut = data.kind === 'digits' ? tokens - data.heldOut : trainingTokens(tokens, data.validationFraction)
  const window = model.kind === 'language' ? model.context : 0
  const [train, held] = [cut - window, tokens - cut - window]
  const elements = model.kind === 'language' ? tokens : tokens * (PIXELS_PER_DIGIT + 1)
  if (train > 0 && held > 0 && elements <= LARGEST_INDEX) return { cut, train, held }
  throw new InputError('DataNotAddressable', 'A program cannot read this data.', {
    path: 'data',
    expected: `windows to train and to validate on, and at most ${LARGEST_INDEX} elements`,
    found: `${train} and ${held} windows, ${elements} elements`,
    fix: 'Use more data, another validation fraction, or a part of the data.',
  })
}

/** Builds the programs of every input of the graph `inner` that comes from the data, by name. */
export function trainingPrograms(spec: JobSpec, model: Model, facts: DataFacts): Record<string, BatchProgram> {
  const { batch, microBatches } = spec.schedule
  const { train } = split(spec, model, facts)
  const programs: Record<string, BatchProgram> = {}
  for (let micro = 0; micro < microBatches; micro++) {
    const windows = { start: 0, positions: train, batch, firstRow: (micro * batch) / microBatches }
    const suffix = microBatches > 1 ? `/${micro}` : ''
    const { x, targets } = batchOf({ model, facts, windows })
    Object.assign(programs, { [`x${suffix}`]: x, [`targets${suffix}`]: targets })
  }
  return programs
}

/** Builds the programs of the batch of the graph `evaluation`. */
export function evaluationPrograms(spec: JobSpec, model: Model, facts: DataFacts): Record<string, BatchProgram> {
  const { batch } = spec.schedule
  const { cut, held } = split(spec, model, facts)
  const offsets = Int32Array.from(evaluationOffsets({ windows: spec.evaluation.batches * batch, positions: held }))
  return { ...batchOf({ model, facts, windows: { start: cut, positions: held, batch, firstRow: 0, offsets } }) }
}
