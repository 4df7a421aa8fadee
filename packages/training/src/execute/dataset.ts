/** The training and validation data as batches of bytes for a graph's inputs. Which windows is the protocol's choice. */
import { asF32, bytesOf } from '@cairn/engine'
import { evaluationOffsets, type JobSpec, windowOffsets } from '@cairn/protocol'
import { readWindows } from '../data/windows.ts'

/** Bytes for the inputs `x` and `targets` of a batch, and the targets themselves. */
export interface Batch {
  readonly x: Uint8Array
  readonly targets: Uint8Array
}

export interface DataPart {
  /** How many offsets there are to choose from. */
  readonly positions: number
  batch(offsets: readonly number[]): Batch
}

export interface Dataset {
  readonly train: DataPart
  readonly validation: DataPart
}

type Tokens = Uint16Array | Uint32Array

/** Windows of `context` tokens and the tokens after them. */
export function tokenPart(tokens: Tokens, context: number): DataPart {
  return {
    positions: tokens.length - context,
    batch(offsets) {
      const { inputs, targets } = readWindows(tokens, context, [...offsets])
      return { x: bytesOf(inputs), targets: bytesOf(targets) }
    },
  }
}

/** Images as pixels / 255 in f32 (a division rounded once), and their labels. */
export function digitPart({ pixels, labels }: { readonly pixels: Uint8Array; readonly labels: Uint8Array }): DataPart {
  const width = pixels.length / labels.length
  return {
    positions: labels.length,
    batch(offsets) {
      const x = new Float32Array(offsets.length * width)
      offsets.forEach((sample, row) => {
        for (let i = 0; i < width; i++) x[row * width + i] = (pixels[sample * width + i] as number) / 255
      })
      return { x: bytesOf(x), targets: bytesOf(Int32Array.from(offsets, sample => labels[sample] as number)) }
    },
  }
}

/** The batch of one inner step. `step` counts from the job's begin. */
export function trainingBatch(spec: JobSpec, data: Dataset, replica: number, step: number): Batch {
  const { batch } = spec.schedule
  const offsets = windowOffsets({ seed: spec.seed, replica, step, batch, positions: data.train.positions })
  return data.train.batch(offsets)
}

/** The batches of an evaluation: the same windows every time. */
export function evaluationBatches(spec: JobSpec, data: Dataset): Batch[] {
  const { batch } = spec.schedule
  const { batches } = spec.evaluation
  const offsets = evaluationOffsets({ windows: batches * batch, positions: data.validation.positions })
  return Array.from({ length: batches }, (_, b) => data.validation.batch(offsets.slice(b * batch, (b + 1) * batch)))
}

/** Counts rows whose largest logit (lowest index first) is the target. */
export function correctPredictions(logits: Uint8Array, targets: Uint8Array): number {
  const values = asF32(logits)
  const wanted = new Int32Array(targets.buffer, targets.byteOffset, targets.byteLength / 4)
  const classes = values.length / wanted.length
  return wanted.reduce((correct, target, row) => {
    let best = 0
    for (let c = 1; c < classes; c++)
      if ((values[row * classes + c] as number) > (values[row * classes + best] as number)) best = c
    return correct + Number(best === target)
  }, 0)
}
