/** Parameters by name, and AdamW over them with a global-norm clip. */
import * as tf from '@tensorflow/tfjs'
import { hyper } from '../cases.ts'
import type { Inputs } from '../inputs.ts'
import type { Affine, Gain } from './layers.ts'

export type Gradients = Map<string, tf.Tensor>

interface State {
  weight: tf.Tensor
  mean: tf.Tensor
  square: tf.Tensor
}

/** Gradients of weights and biases by the name of their layer. */
export type LayerGradients = { [layer: string]: { readonly weight: tf.Tensor; readonly bias: tf.Tensor } }

export interface Parameters {
  get(name: string): tf.Tensor
  affine(name: string): Affine
  gain(name: string): Gain
  /** Takes one step along the gradients, which it disposes of. */
  update(gradients: Gradients): void
}

/** Files a layer's gradients under its parameters' names. */
export function store(gradients: Gradients, layers: LayerGradients, prefix = ''): void {
  for (const [layer, { weight, bias }] of Object.entries(layers))
    gradients.set(`${prefix}${layer}.weight`, weight).set(`${prefix}${layer}.bias`, bias)
}

function load(inputs: Inputs, name: string, isTransposed: boolean): State {
  const given = tf.tensor(inputs.read(name), inputs.shape(name))
  const weight = isTransposed ? tf.transpose(given) : given
  if (isTransposed) given.dispose()
  return { weight, mean: tf.zerosLike(weight), square: tf.zerosLike(weight) }
}

/** Loads all parameters; those that `isTransposed` picks are kept as [out, in]. */
export function loadParameters(inputs: Inputs, isTransposed: (name: string) => boolean): Parameters {
  const states = new Map(inputs.names.map(name => [name, load(inputs, name, isTransposed(name))]))
  const get = (name: string) => states.get(name)!.weight
  const pair = (name: string) => ({ weight: get(`${name}.weight`), bias: get(`${name}.bias`) })
  let step = 0
  return {
    get,
    affine: name => pair(name) as Affine,
    gain: name => pair(name) as Gain,
    update(gradients) {
      step++
      const clip = Math.min(1, hyper.clipNorm / globalNorm(gradients))
      for (const [name, gradient] of gradients) advance(states.get(name)!, gradient, clip, step)
    },
  }
}

function globalNorm(gradients: Gradients): number {
  let sum = 0
  for (const gradient of gradients.values()) sum += tf.tidy(() => tf.sum(tf.square(gradient)).dataSync()[0]!)
  return Math.sqrt(sum)
}

function replace(state: State, key: keyof State, value: () => tf.Tensor): void {
  const old = state[key]
  state[key] = tf.tidy(value)
  old.dispose()
}

function advance(state: State, gradient: tf.Tensor, clip: number, step: number): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = hyper
  const decay = gradient.rank > 1 ? 1 - learningRate * weightDecay : 1
  const rate = learningRate / (1 - beta1 ** step)
  const correction = 1 / Math.sqrt(1 - beta2 ** step)
  replace(state, 'mean', () => tf.add(tf.mul(state.mean, beta1), tf.mul(gradient, clip * (1 - beta1))))
  replace(state, 'square', () =>
    tf.add(tf.mul(state.square, beta2), tf.mul(tf.square(gradient), clip ** 2 * (1 - beta2))),
  )
  gradient.dispose()
  replace(state, 'weight', () => {
    const size = tf.add(tf.mul(tf.sqrt(state.square), correction / rate), epsilon / rate)
    return tf.sub(decay === 1 ? state.weight : tf.mul(state.weight, decay), tf.div(state.mean, size))
  })
}
