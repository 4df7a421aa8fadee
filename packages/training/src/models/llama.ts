/**
 * Llama (Touvron et al. 2023): RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases. Parameter names
 * and layouts ([out, in] matrices) are those of Llama checkpoints.
 */
import { add, bitsOf, gather, matmul, multiply, reshape, silu, type Tensor } from '@cairn/engine'
import { attend, headMajor, rmsNorm, rotaryTables, rotate } from './layers.ts'
import {
  type Cache,
  constant,
  type ForwardContext,
  initialDeviation,
  type LanguageModel,
  matrix,
  named,
  type Parameter,
} from './model.ts'

export interface LlamaConfig {
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly width: number
  readonly hiddenWidth: number
  readonly context: number
  readonly vocabulary: number
  readonly ropeTheta: number
  readonly tiedHead: boolean
}

const EPSILON = bitsOf(1e-5)

function llamaParameters({
  layers,
  heads,
  kvHeads,
  width,
  hiddenWidth,
  vocabulary,
  tiedHead,
}: LlamaConfig): Parameter[] {
  const deviation = initialDeviation(width)
  const keyWidth = (width / heads) * kvHeads
  const block = (prefix: string) => [
    constant(`${prefix}.input_layernorm.weight`, [width], 1),
    matrix(`${prefix}.self_attn.q_proj.weight`, [width, width], deviation),
    matrix(`${prefix}.self_attn.k_proj.weight`, [keyWidth, width], deviation),
    matrix(`${prefix}.self_attn.v_proj.weight`, [keyWidth, width], deviation),
    matrix(`${prefix}.self_attn.o_proj.weight`, [width, width], deviation),
    constant(`${prefix}.post_attention_layernorm.weight`, [width], 1),
    matrix(`${prefix}.mlp.gate_proj.weight`, [hiddenWidth, width], deviation),
    matrix(`${prefix}.mlp.up_proj.weight`, [hiddenWidth, width], deviation),
    matrix(`${prefix}.mlp.down_proj.weight`, [width, hiddenWidth], deviation),
  ]
  return [
    matrix('model.embed_tokens.weight', [vocabulary, width], deviation),
    ...Array.from({ length: layers }, (_, i) => block(`model.layers.${i}`)).flat(),
    constant('model.norm.weight', [width], 1),
    ...(tiedHead ? [] : [matrix('lm_head.weight', [vocabulary, width], deviation)]),
  ]
}

/** Builds a Llama. */
export function llama(config: LlamaConfig): LanguageModel {
  const { layers, heads, kvHeads, width: d, context, vocabulary, ropeTheta, tiedHead } = config
  const headWidth = d / heads

  const logits = ({ parameters, width, dropout }: ForwardContext, tokens: Tensor, positions: Tensor, cache?: Cache) => {
    const [batch, length] = tokens.shape as [number, number]
    const p = (name: string) => named(parameters, name)
    const linearly = (x: Tensor, name: string) => matmul(x, p(`${name}.weight`), width, true)
    const normed = (x: Tensor, name: string) => rmsNorm(x, p(`${name}.weight`), EPSILON)
    const tables = rotaryTables(tokens.builder, context, headWidth / 2, ropeTheta)

    const attention = (x: Tensor, layer: number): Tensor => {
      const attn = `model.layers.${layer}.self_attn`
      const project = (which: string, n: number) =>
        reshape(linearly(x, `${attn}.${which}_proj`), [batch, length, n, headWidth])
      const q = headMajor(rotate(project('q', heads), tables, positions), kvHeads)
      const k = headMajor(rotate(project('k', kvHeads), tables, positions), kvHeads)
      const v = headMajor(project('v', kvHeads), kvHeads)
      const [keys, values] = cache === undefined ? [k, v] : [cache(layer, 'keys', k), cache(layer, 'values', v)]
      return linearly(attend(q, keys, values, positions, width), `${attn}.o_proj`)
    }
    const mlp = (x: Tensor, layer: number): Tensor => {
      const prefix = `model.layers.${layer}.mlp`
      const gated = multiply(silu(linearly(x, `${prefix}.gate_proj`)), linearly(x, `${prefix}.up_proj`))
      return linearly(gated, `${prefix}.down_proj`)
    }

    let x = dropout(reshape(gather(p('model.embed_tokens.weight'), tokens), [batch * length, d]))
    for (let layer = 0; layer < layers; layer++) {
      x = add(x, dropout(attention(normed(x, `model.layers.${layer}.input_layernorm`), layer)))
      x = add(x, dropout(mlp(normed(x, `model.layers.${layer}.post_attention_layernorm`), layer)))
    }
    return matmul(normed(x, 'model.norm'), p(tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'), width, true)
  }
  return {
    kind: 'language',
    context,
    vocabulary,
    layers,
    keyHeads: kvHeads,
    headWidth,
    parameters: llamaParameters(config),
    logits,
  }
}
