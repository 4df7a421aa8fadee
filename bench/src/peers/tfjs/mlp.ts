/** The multi-layer perceptron's training step. */
import * as tf from '@tensorflow/tfjs'
import type { MlpCase } from '../cases.ts'
import type { Inputs } from '../inputs.ts'
import type { TrainStep } from '../protocol.ts'
import { crossEntropy, linear, linearGradient, type Matrix, oneHot } from './layers.ts'
import { loadParameters } from './parameters.ts'

/** Loads the perceptron and returns its training step. */
export function mlpStep({ sizes, batch: rows }: MlpCase, inputs: Inputs): TrainStep {
  const p = loadParameters(inputs, () => false)
  const layers = sizes.slice(1).map((_, i) => `layers.${i}`)
  return batch => {
    const { loss, gradients } = tf.tidy(() => {
      const kept: Matrix[] = [tf.tensor2d(batch.inputs, [rows, sizes[0]!])]
      for (const [i, name] of layers.entries()) {
        const y = linear(kept[i]!, p.affine(name))
        kept.push(i === layers.length - 1 ? y : tf.relu(y))
      }
      const hot = oneHot(tf.tensor1d(batch.targets, 'int32'), sizes.at(-1)!)
      const { loss, gradient } = crossEntropy(kept.at(-1)!, hot)
      const gradients: [string, tf.Tensor][] = []
      let dy = gradient
      for (const [i, name] of [...layers.entries()].reverse()) {
        const { input, weight, bias } = linearGradient(kept[i]!, p.affine(name), dy)
        gradients.push([`${name}.weight`, weight], [`${name}.bias`, bias])
        dy = tf.mul(input, tf.step(kept[i]!))
      }
      return { loss: loss.dataSync()[0]!, gradients: gradients as unknown as tf.TensorContainer }
    }) as { loss: number; gradients: [string, tf.Tensor][] }
    p.update(new Map(gradients))
    return loss
  }
}
