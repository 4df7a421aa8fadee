/** The multi-layer perceptron's training step. */
import * as tf from '@tensorflow/tfjs'
import type { MlpCase } from '../cases.ts'
import type { Batch, Inputs } from '../inputs.ts'
import type { TrainStep } from '../protocol.ts'
import { crossEntropy, linear, linearInputGradient, linearWeightGradient, type Matrix, oneHot } from './layers.ts'
import { type Gradients, type LayerGradients, loadParameters, type Parameters, store } from './parameters.ts'

/** Returns the input of every layer and, last, the logits. */
function forward(images: Matrix, names: readonly string[], p: Parameters): Matrix[] {
  const kept = [images]
  for (const [i, name] of names.entries()) {
    const y = linear(kept[i]!, p.affine(name))
    kept.push(i === names.length - 1 ? y : tf.relu(y))
  }
  return kept
}

function backward(kept: readonly Matrix[], dLogits: Matrix, names: readonly string[], p: Parameters): LayerGradients {
  const layers: LayerGradients = {}
  let dy = dLogits
  for (const [i, name] of [...names.entries()].reverse()) {
    layers[name] = linearWeightGradient(kept[i]!, dy)
    if (i > 0) dy = tf.mul(linearInputGradient(p.affine(name), dy), tf.step(kept[i]!))
  }
  return layers
}

const gradientsOf = ({ inputs, targets }: Batch, names: readonly string[], p: Parameters, { sizes, batch }: MlpCase) =>
  tf.tidy(() => {
    const kept = forward(tf.tensor2d(inputs, [batch, sizes[0]!]), names, p)
    const hot = oneHot(tf.tensor1d(targets, 'int32'), sizes.at(-1)!)
    const { loss, gradient } = crossEntropy(kept.at(-1)!, hot)
    return { loss: loss.dataSync()[0]!, layers: backward(kept, gradient, names, p) }
  })

/** Loads the perceptron and returns its training step. */
export function mlpStep(model: MlpCase, inputs: Inputs): TrainStep {
  const p = loadParameters(inputs, () => false)
  const names = model.sizes.slice(1).map((_, i) => `layers.${i}`)
  return batch => {
    const { loss, layers } = gradientsOf(batch, names, p, model)
    const gradients: Gradients = new Map()
    store(gradients, layers)
    p.update(gradients)
    return loss
  }
}
