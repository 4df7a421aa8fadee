/** The multi-layer perceptron's loss as a pure function. */
import { nn } from '@jax-js/jax'
import type { MlpCase } from '../cases.ts'
import { crossEntropy, linear } from './layers.ts'
import type { Loss } from './train.ts'

export const mlpLoss =
  ({ sizes, batch }: MlpCase): Loss =>
  (p, images, labels) => {
    const last = sizes.length - 2
    let x = images.reshape([batch, sizes[0]!])
    for (let i = 0; i <= last; i++) {
      const y = linear(x, p, `layers.${i}`)
      x = i < last ? nn.relu(y) : y
    }
    return crossEntropy(x.transpose(), labels)
  }
