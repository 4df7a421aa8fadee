/** How long what is said of a unit's steps can be. SPEC: docs/spec/messages.md "Kinds". */

/** Most bytes of a message that speaks of every step of a unit. */
export const MAX_REVEAL_BYTES = 4 * 2 ** 20

/** Bytes of the longest encoding: of all but the steps, of a step's hash, of its values without norms, of a norm. */
const [HEAD, HASH, VALUES, NORM] = [1_280, 66, 32, 5]

interface RevealedJob {
  readonly innerSteps: number
  readonly checkpoints: number
  /** Whose gradients' norms a step has. */
  readonly tensors: number
  readonly evaluationBatches: number
}

/** Bounds the bytes of a job's longest `attest` or `revealed`. A job is refused where they are more than `MAX_REVEAL_BYTES`. */
export function revealBytes({ innerSteps, checkpoints, tensors, evaluationBatches }: RevealedJob): number {
  const trained = innerSteps * HASH + Math.ceil(innerSteps / checkpoints) * (VALUES + tensors * NORM)
  return HEAD + Math.max(trained, evaluationBatches * HASH)
}
