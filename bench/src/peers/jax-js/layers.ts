/** What both models are made of. */
import { nn, numpy as np } from '@jax-js/jax'
import type { Arrays } from './train.ts'

export const linear = (x: np.Array, p: Arrays, name: string): np.Array =>
  np.matmul(x, p[`${name}.weight`]!).add(p[`${name}.bias`]!)

/**
 * Mean cross-entropy of columns of logits, [classes, rows]. PERF: a class count that is no multiple of four as the last
 * axis would send the head's gradient down the scalar path.
 */
export function crossEntropy(logits: np.Array, targets: np.Array): np.Array {
  const hot = nn.oneHot(targets, logits.shape[0]!).transpose()
  return nn.logSoftmax(logits, 0).mul(hot).sum(0).mean().neg()
}
