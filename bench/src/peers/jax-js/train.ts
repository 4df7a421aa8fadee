/**
 * The jitted step: loss, gradients, global-norm clip and AdamW as one traced function of the state.
 * jax-js counts references: every use of an array but its last is written `.ref`.
 */
import { jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import { hyper } from '../cases.ts'
import type { Inputs } from '../inputs.ts'
import type { TrainStep } from '../protocol.ts'

export type Arrays = { [name: string]: np.Array }

/** Consumes the parameters and the batch. */
export type Loss = (parameters: Arrays, inputs: np.Array, targets: np.Array) => np.Array

type State = { weights: Arrays; means: Arrays; squares: Arrays }

const globalNorm = (gradients: Arrays): np.Array =>
  np.sqrt(
    Object.values(gradients)
      .map(g => np.square(g.ref).sum())
      .reduce((a, b) => a.add(b)),
  )

/** Rates change with every step and therefore are arguments: constants would be compiled in. */
type Rates = { rate: np.Array; correction: np.Array }

function advance(weight: np.Array, mean: np.Array, square: np.Array, gradient: np.Array, { rate, correction }: Rates) {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = hyper
  const decay = weight.ndim > 1 ? 1 - learningRate * weightDecay : 1
  const newMean = mean.mul(beta1).add(gradient.ref.mul(1 - beta1))
  const newSquare = square.mul(beta2).add(np.square(gradient).mul(1 - beta2))
  const size = np.sqrt(newSquare.ref).mul(correction).add(epsilon)
  return { weight: weight.mul(decay).sub(newMean.ref.mul(rate).div(size)), mean: newMean, square: newSquare }
}

const stepOf = (loss: Loss) =>
  jit((state: State, rates: Rates, inputs: np.Array, targets: np.Array) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state.weights), inputs, targets) as [np.Array, Arrays]
    const clip = np.minimum(np.reciprocal(globalNorm(gradients)).mul(hyper.clipNorm), 1)
    const next: State = { weights: {}, means: {}, squares: {} }
    for (const [name, weight] of Object.entries(state.weights)) {
      const gradient = gradients[name]!.mul(clip.ref)
      const result = advance(weight, state.means[name]!, state.squares[name]!, gradient, tree.ref(rates) as Rates)
      next.weights[name] = result.weight
      next.means[name] = result.mean
      next.squares[name] = result.square
    }
    tree.dispose([clip, rates])
    return { state: next, loss: value }
  })

function load(inputs: Inputs): State {
  const state: State = { weights: {}, means: {}, squares: {} }
  for (const name of inputs.names) {
    const shape = inputs.shape(name)
    state.weights[name] = np.array(inputs.read(name) as Float32Array<ArrayBuffer>).reshape(shape)
    state.means[name] = np.zeros(shape)
    state.squares[name] = np.zeros(shape)
  }
  return state
}

/** Loads the parameters and returns the training step. */
export function trainStep(loss: Loss, inputs: Inputs): TrainStep {
  const run = stepOf(loss)
  let state = load(inputs)
  let step = 0
  return async batch => {
    step++
    const rates = {
      rate: np.array(hyper.learningRate / (1 - hyper.beta1 ** step)),
      correction: np.array(1 / Math.sqrt(1 - hyper.beta2 ** step)),
    }
    const result = run(
      state,
      rates,
      np.array(batch.inputs as Float32Array<ArrayBuffer>),
      np.array(batch.targets as Int32Array<ArrayBuffer>),
    )
    state = result.state
    return (await result.loss.data())[0]!
  }
}
