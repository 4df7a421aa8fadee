/** A GPT's loss as a pure function; its gradient is jax-js's own. */
import { nn, numpy as np, tree } from '@jax-js/jax'
import { type GptCase, hyper } from '../cases.ts'
import { crossEntropy, linear } from './layers.ts'
import type { Arrays, Loss } from './train.ts'

function layerNorm(x: np.Array, p: Arrays, name: string): np.Array {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }))
  const variance = np.square(centred.ref).mean(-1, { keepdims: true })
  const scale = np.reciprocal(np.sqrt(variance.add(hyper.layerNormEpsilon)))
  return centred.mul(scale).mul(p[`${name}.weight`]!).add(p[`${name}.bias`]!)
}

/** GELU in its tanh form, written with one exponential. */
function gelu(x: np.Array): np.Array {
  const u = x.ref.mul(np.square(x.ref).mul(0.044715).add(1)).mul(2 * Math.sqrt(2 / Math.PI))
  return x.mul(nn.sigmoid(u))
}

function attention(x: np.Array, p: Arrays, name: string, { batch, context, heads, width }: GptCase): np.Array {
  const size = width / heads
  const [q, k, v] = [0, width, 2 * width].map(from => {
    const weight = p[`${name}.c_attn.weight`]!.ref.slice([], [from, from + width])
    const part = np.matmul(x.ref, weight).add(p[`${name}.c_attn.bias`]!.ref.slice([from, from + width]))
    const separate = part.reshape([batch, context, heads, size]).transpose([0, 2, 1, 3])
    return separate.reshape([batch * heads, context, size])
  })
  tree.dispose([x, p[`${name}.c_attn.weight`]!, p[`${name}.c_attn.bias`]!])
  const scores = np.matmul(q!, k!.transpose([0, 2, 1])).mul(1 / Math.sqrt(size))
  const visible = np.tri(context, context, 0, { dtype: np.bool })
  const weights = nn.softmax(np.where(visible, scores, -1e9))
  const joined = np.matmul(weights, v!).reshape([batch, heads, context, size]).transpose([0, 2, 1, 3])
  return linear(joined.reshape([batch * context, width]), p, `${name}.c_proj`)
}

const mlp = (x: np.Array, p: Arrays, name: string): np.Array =>
  linear(gelu(linear(x, p, `${name}.c_fc`)), p, `${name}.c_proj`)

/** Tokens enter as one-hot rows: a gather's gradient would be a scalar scatter. */
function embed(tokens: np.Array, p: Arrays, { batch, context, width, vocabulary }: GptCase): np.Array {
  const rows = np.matmul(nn.oneHot(tokens, vocabulary), p['wte.weight']!.ref).reshape([batch, context, width])
  return rows.add(p['wpe.weight']!).reshape([batch * context, width])
}

export const gptLoss =
  (model: GptCase): Loss =>
  (p, tokens, targets) => {
    let x = embed(tokens, p, model)
    for (let i = 0; i < model.layers; i++) {
      x = x.ref.add(attention(layerNorm(x, p, `h.${i}.ln_1`), p, `h.${i}.attn`, model))
      x = x.ref.add(mlp(layerNorm(x, p, `h.${i}.ln_2`), p, `h.${i}.mlp`))
    }
    return crossEntropy(np.matmul(p['wte.weight']!, layerNorm(x, p, 'ln_f').transpose()), targets)
  }
