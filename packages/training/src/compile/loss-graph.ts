/** The part of a graph that goes from parameters and a batch to the mean loss; shared by training and evaluation. */
import {
  bitsOf,
  constantI32,
  type GraphBuilder,
  input,
  multiply,
  type QuantisedDType,
  type Tensor,
} from '@cairn/engine'
import { crossEntropy } from '../models/layers.ts'
import type { Dropout, Model, Parameters } from '../models/model.ts'

/** A batch as graph inputs: tokens and targets i32 [B, T], or pixels f32 [B, inputs] and labels i32 [B]. */
export interface BatchInputs {
  readonly x: Tensor
  readonly targets: Tensor
}

/** Declares the inputs of one (micro-)batch; `suffix` tells micro-batches apart. */
export function batchInputs(builder: GraphBuilder, model: Model, batch: number, suffix = ''): BatchInputs {
  if (model.kind === 'classifier') {
    return {
      x: input(builder, `x${suffix}`, [batch, model.inputs]),
      targets: input(builder, `targets${suffix}`, [batch], 'i32'),
    }
  }
  const shape = [batch, model.context]
  return {
    x: input(builder, `x${suffix}`, shape, 'i32'),
    targets: input(builder, `targets${suffix}`, [batch * model.context], 'i32'),
  }
}

export interface LossOptions {
  readonly width: QuantisedDType
  readonly dropout: Dropout
}

/** Builds the logits [N, classes] of a batch. */
export function batchLogits(model: Model, parameters: Parameters, { x }: BatchInputs, options: LossOptions): Tensor {
  const context = { parameters, width: options.width, dropout: options.dropout }
  if (model.kind === 'classifier') return model.logits(context, x)
  const positions = constantI32(
    x.builder,
    Array.from({ length: model.context }, (_, i) => i),
  )
  return model.logits(context, x, positions)
}

/** Builds the mean cross-entropy of a batch; shape [1]. */
export function batchLoss(model: Model, parameters: Parameters, batch: BatchInputs, options: LossOptions): Tensor {
  return crossEntropy(batchLogits(model, parameters, batch, options), batch.targets)
}

export const noDropout: Dropout = x => x

/** Stream numbers of random operators: initial weights take the low ones, dropout starts here. */
const FIRST_DROPOUT_STREAM = 0x10000

/** Dropout with its own random stream at every use (N5): the key is i32 [3] = seed, replica, step. */
export function dropoutFrom(key: Tensor, probability: number): Dropout {
  if (probability === 0) return noDropout
  let stream = FIRST_DROPOUT_STREAM
  const keepBelow = Math.min(0xffffffff, Math.round((1 - probability) * 2 ** 32))
  return x => {
    const attributes = { shape: x.shape, stream: stream++, keepBelow, scaleBits: bitsOf(1 / (1 - probability)) }
    return multiply(x, key.builder.apply('dropoutMask', [key], attributes))
  }
}
