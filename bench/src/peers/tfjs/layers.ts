/**
 * Layers with hand-written gradients in 2-D products without transposition flags, the only shape that the WASM backend
 * hands to XNNPACK. Pure functions; who calls them owns the `tf.tidy`.
 * PERF: never use one tensor under two shapes as a right-hand side: the backend caches packed weights by data, not by
 * shape, and then writes out of bounds.
 */
import * as tf from '@tensorflow/tfjs'
import { hyper } from '../cases.ts'

export type Matrix = tf.Tensor2D
export type Vector = tf.Tensor1D

export interface Affine {
  readonly weight: Matrix
  readonly bias: Vector
}

/** A normalisation's gain is a vector under the name `weight`. */
export interface Gain {
  readonly weight: Vector
  readonly bias: Vector
}

/** PERF: the kernel strides through the cache; blocks of 32 rows, then whole rows, are 6 to 15 times faster when tall. */
const BLOCK_ROWS = 32
const TALL = 256

export function transpose(x: Matrix): Matrix {
  const [rows, columns] = x.shape
  if (rows < TALL || rows % BLOCK_ROWS !== 0) return tf.transpose(x)
  return tf.tidy(() => {
    const blocks = tf.transpose(tf.reshape(x, [rows / BLOCK_ROWS, BLOCK_ROWS, columns]), [0, 2, 1])
    return tf.reshape(tf.transpose(blocks, [1, 0, 2]), [columns, rows])
  })
}

/** Sums the rows; `tf.sum(x, 0)` would transpose first. */
const sumRows = (x: Matrix): Vector =>
  tf.tidy(() => tf.reshape(tf.matMul(tf.ones<tf.Rank.R2>([1, x.shape[0]]), x), [x.shape[1]]))

export const linear = (x: Matrix, { weight, bias }: Affine): Matrix => tf.add(tf.matMul(x, weight), bias)

export const linearGradient = (x: Matrix, affine: Affine, dy: Matrix) => ({
  input: linearInputGradient(affine, dy),
  ...linearWeightGradient(x, dy),
})

export const linearInputGradient = ({ weight }: Affine, dy: Matrix): Matrix => tf.matMul(dy, transpose(weight))

export const linearWeightGradient = (x: Matrix, dy: Matrix) => ({
  weight: tf.matMul(transpose(x), dy) as Matrix,
  bias: sumRows(dy),
})

/** The same for a weight kept as [out, in], which transposes less where a layer narrows. */
export const narrowing = (x: Matrix, { weight, bias }: Affine): Matrix => tf.add(tf.matMul(x, transpose(weight)), bias)

export const narrowingGradient = (x: Matrix, { weight }: Affine, dy: Matrix) => ({
  input: tf.matMul(dy, weight) as Matrix,
  weight: tf.matMul(transpose(dy), x) as Matrix,
  bias: sumRows(dy),
})

/** Types, not interfaces, wherever `tf.tidy` has to find the tensors inside. */
export type Normalised = {
  readonly output: Matrix
  readonly normal: Matrix
  readonly scale: Matrix
}

export function layerNorm(x: Matrix, { weight, bias }: Gain): Normalised {
  const centred = tf.sub(x, tf.mean(x, 1, true))
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), hyper.layerNormEpsilon)) as Matrix
  const normal = tf.mul(centred, scale) as Matrix
  return { output: tf.add(tf.mul(normal, weight), bias), normal, scale }
}

export function layerNormGradient({ normal, scale }: Normalised, { weight }: Gain, dy: Matrix) {
  const d = tf.mul(dy, weight)
  const along = tf.mul(normal, tf.mean(tf.mul(d, normal), 1, true))
  const input = tf.mul(tf.sub(tf.sub(d, tf.mean(d, 1, true)), along), scale) as Matrix
  return { input, weight: sumRows(tf.mul(dy, normal)), bias: sumRows(dy) }
}

/** GELU in its tanh form is x * sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3): sigmoid is vectorised, tanh is not. */
const TWICE = 2 * Math.sqrt(2 / Math.PI)

export const geluGate = (x: Matrix): Matrix =>
  tf.tidy(() => tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), TWICE * 0.044715), TWICE))))

export const geluGradient = (x: Matrix, gate: Matrix, dy: Matrix): Matrix =>
  tf.tidy(() => {
    const slope = tf.add(tf.mul(tf.square(x), TWICE * 3 * 0.044715), TWICE)
    const bend = tf.mul(tf.mul(tf.sub(1, gate), slope), x)
    return tf.mul(dy, tf.mul(gate, tf.add(bend, 1)))
  })

/** The backend's one-hot kernel writes integers whatever type is asked for, hence the cast. */
export const oneHot = (indices: tf.Tensor1D, depth: number): Matrix =>
  tf.tidy(() => tf.cast(tf.oneHot(indices, depth), 'float32') as Matrix)

/** Mean cross-entropy of rows of logits against one-hot targets, and its gradient. */
export function crossEntropy(logits: Matrix, targets: Matrix) {
  const odds = tf.softmax(logits)
  const loss = tf.neg(tf.mean(tf.log(tf.sum(tf.mul(odds, targets), 1)))) as tf.Scalar
  const gradient = tf.mul(tf.sub(odds, targets), 1 / logits.shape[0]) as Matrix
  return { loss, gradient }
}
