/** Causal attention, head by head: batched products take the backend's scalar path, 2-D ones take XNNPACK. */
import * as tf from '@tensorflow/tfjs'
import type { GptCase } from '../cases.ts'
import { type Matrix, transpose } from './layers.ts'

type Head = {
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly weights: Matrix
  readonly output: Matrix
}

export type Attended = {
  readonly output: Matrix
  readonly heads: Head[]
}

/** Minus a large number above the diagonal. */
export const causalMask = (context: number): Matrix =>
  tf.tidy(() => tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones<tf.Rank.R2>([context, context]), -1, 0)), -1e9))

/**
 * Cuts [batch * context, n * size] into batch * n matrices of [context, size], the batch outermost. PERF: a slice copies
 * the whole tensor that it is taken from, hence two levels.
 */
const splitHeads = (x: Matrix, { batch, context }: GptCase, size: number): Matrix[] =>
  tf.tidy(() => {
    const heads = tf.reshape(x, [batch, context, x.shape[1] / size, size])
    return tf.unstack(tf.transpose(heads, [0, 2, 1, 3])).flatMap(sequence => tf.unstack(sequence)) as Matrix[]
  })

const joinHeads = (heads: Matrix[], { batch, context }: GptCase, size: number): Matrix =>
  tf.tidy(() => {
    const n = heads.length / batch
    const joined = tf.transpose(tf.reshape(tf.concat(heads, 0), [batch, n, context, size]), [0, 2, 1, 3])
    return tf.reshape(joined, [batch * context, n * size])
  })

const attendHead = (query: Matrix, key: Matrix, value: Matrix, mask: Matrix): Head =>
  tf.tidy(() => {
    const scaled = tf.mul(query, 1 / Math.sqrt(query.shape[1])) as Matrix
    const weights = tf.softmax(tf.add(tf.matMul(scaled, transpose(key)), mask)) as Matrix
    return { query: scaled, key, value, weights, output: tf.matMul(weights, value) as Matrix }
  })

/** Where head `h` of sequence `b` has its query (part 0), key (1) or value (2) among the heads of `splitHeads`. */
const place = ({ heads }: GptCase, b: number, part: number, h: number) => (b * 3 + part) * heads + h

/** Calls `visit` for every sequence and head, sequences outermost. */
function eachHead<T>({ batch, heads }: GptCase, visit: (b: number, h: number) => T): T[] {
  return Array.from({ length: batch * heads }, (_, i) => visit(Math.floor(i / heads), i % heads))
}

/** Takes queries, keys and values side by side, [tokens, 3 * width]. */
export function attention(qkv: Matrix, model: GptCase, mask: Matrix): Attended {
  const size = model.width / model.heads
  const parts = splitHeads(qkv, model, size)
  const part = (b: number, which: number, h: number) => parts[place(model, b, which, h)]!
  const heads = eachHead(model, (b, h) => attendHead(part(b, 0, h), part(b, 1, h), part(b, 2, h), mask))
  return {
    output: joinHeads(
      heads.map(head => head.output),
      model,
      size,
    ),
    heads,
  }
}

/** Gradients of query, key and value. Transposes only [context, size] matrices, never [context, context] ones. */
const headGradient = ({ query, key, value, weights, output }: Head, dy: Matrix): Matrix[] =>
  tf.tidy(() => {
    const dWeights = tf.matMul(dy, transpose(value))
    const dScores = tf.mul(weights, tf.sub(dWeights, tf.sum(tf.mul(dy, output), 1, true))) as Matrix
    const dQuery = tf.mul(tf.matMul(dScores, key), 1 / Math.sqrt(query.shape[1])) as Matrix
    const dKey = transpose(tf.matMul(transpose(query), dScores))
    return [dQuery, dKey, transpose(tf.matMul(transpose(dy), weights))]
  })

export const attentionGradient = ({ heads }: Attended, dy: Matrix, model: GptCase): Matrix =>
  tf.tidy(() => {
    const size = model.width / model.heads
    const parts: Matrix[] = []
    const dHeads = splitHeads(dy, model, size)
    eachHead(model, (b, h) => {
      const i = b * model.heads + h
      headGradient(heads[i]!, dHeads[i]!).forEach((d, which) => {
        parts[place(model, b, which, h)] = d
      })
    })
    return joinHeads(parts, model, size)
  })
