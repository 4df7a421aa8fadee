/** One transformer block, forward and backward. */
import * as tf from '@tensorflow/tfjs'
import type { GptCase } from '../cases.ts'
import { type Attended, attention, attentionGradient } from './attention.ts'
import {
  geluGate,
  geluGradient,
  layerNorm,
  layerNormGradient,
  linear,
  linearGradient,
  type Matrix,
  type Normalised,
  narrowing,
  narrowingGradient,
} from './layers.ts'
import type { LayerGradients, Parameters } from './parameters.ts'

/** What the backward pass needs of the forward one. */
type Passed = {
  readonly before: Normalised
  readonly attended: Attended
  readonly after: Normalised
  readonly hidden: Matrix
  readonly gate: Matrix
  readonly active: Matrix
}

export type Block = {
  readonly output: Matrix
  readonly passed: Passed
}

/** The weight that is kept as [out, in]. */
export const isNarrowing = (name: string): boolean => name.endsWith('mlp.c_proj.weight')

export const block = (x: Matrix, name: string, p: Parameters, model: GptCase, mask: Matrix): Block =>
  tf.tidy(() => {
    const before = layerNorm(x, p.gain(`${name}.ln_1`))
    const attended = attention(linear(before.output, p.affine(`${name}.attn.c_attn`)), model, mask)
    const middle = tf.add(x, linear(attended.output, p.affine(`${name}.attn.c_proj`))) as Matrix
    const after = layerNorm(middle, p.gain(`${name}.ln_2`))
    const hidden = linear(after.output, p.affine(`${name}.mlp.c_fc`))
    const gate = geluGate(hidden)
    const active = tf.mul(hidden, gate) as Matrix
    const output = tf.add(middle, narrowing(active, p.affine(`${name}.mlp.c_proj`))) as Matrix
    return { output, passed: { before, attended, after, hidden, gate, active } }
  })

const pick = ({ weight, bias }: LayerGradients[string]) => ({ weight, bias })

/** Returns the gradient of the block's input and those of its layers. */
export const blockGradient = (passed: Passed, dy: Matrix, name: string, p: Parameters, model: GptCase) =>
  tf.tidy(() => {
    const { before, attended, after, hidden, gate, active } = passed
    const narrow = narrowingGradient(active, p.affine(`${name}.mlp.c_proj`), dy)
    const wide = linearGradient(after.output, p.affine(`${name}.mlp.c_fc`), geluGradient(hidden, gate, narrow.input))
    const second = layerNormGradient(after, p.gain(`${name}.ln_2`), wide.input)
    const middle = tf.add(dy, second.input) as Matrix
    const projected = linearGradient(attended.output, p.affine(`${name}.attn.c_proj`), middle)
    const dHeads = attentionGradient(attended, projected.input, model)
    const heads = linearGradient(before.output, p.affine(`${name}.attn.c_attn`), dHeads)
    const first = layerNormGradient(before, p.gain(`${name}.ln_1`), heads.input)
    const layers: LayerGradients = {
      ln_1: pick(first),
      'attn.c_attn': pick(heads),
      'attn.c_proj': pick(projected),
      ln_2: pick(second),
      'mlp.c_fc': pick(wide),
      'mlp.c_proj': pick(narrow),
    }
    return { input: tf.add(middle, first.input) as Matrix, layers }
  })
