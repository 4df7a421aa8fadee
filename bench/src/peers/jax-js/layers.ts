/** What both models are made of. */
import { nn, numpy as np } from '@jax-js/jax'
import type { Arrays } from './train.ts'

export const linear = (x: np.Array, p: Arrays, name: string): np.Array =>
  np.matmul(x, p[`${name}.weight`]!).add(p[`${name}.bias`]!)

/** Mean cross-entropy of rows of logits. */
export function crossEntropy(logits: np.Array, targets: np.Array): np.Array {
  const hot = nn.oneHot(targets, logits.shape[1]!)
  return nn.logSoftmax(logits).mul(hot).sum(-1).mean().neg()
}
