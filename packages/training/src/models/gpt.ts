/**
 * GPT-2 (Radford et al. 2019): learned positions, pre-LayerNorm, GELU, biases everywhere. Parameter names and layouts
 * are those of GPT-2 checkpoints ([in, out] matrices), except that query, key and value are apart; `weights/names.ts`
 * joins them on export.
 */
import { add, bitsOf, gather, gelu, matmul, reshape, squareRootOf, type Tensor } from '@cairn/engine'
import { attend, headMajor, layerNorm } from './layers.ts'
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

export interface GptConfig {
  readonly layers: number
  readonly heads: number
  readonly width: number
  readonly context: number
  readonly vocabulary: number
  readonly mlpRatio: number
  readonly tiedHead: boolean
}

const EPSILON = bitsOf(1e-5)

function linear(name: string, from: number, to: number, deviation: number): Parameter[] {
  return [matrix(`${name}.weight`, [from, to], deviation), constant(`${name}.bias`, [to], 0)]
}

function norm(name: string, width: number): Parameter[] {
  return [constant(`${name}.weight`, [width], 1), constant(`${name}.bias`, [width], 0)]
}

function gptParameters({ layers, width, context, vocabulary, mlpRatio, tiedHead }: GptConfig): Parameter[] {
  const deviation = initialDeviation(width)
  // GPT-2 scales the projections into the residual stream by 1/sqrt(2 layers).
  const residual = deviation / squareRootOf(2 * layers)
  const block = (h: string) => [
    ...norm(`${h}.ln_1`, width),
    ...['q', 'k', 'v'].flatMap(which => linear(`${h}.attn.${which}`, width, width, deviation)),
    ...linear(`${h}.attn.c_proj`, width, width, residual),
    ...norm(`${h}.ln_2`, width),
    ...linear(`${h}.mlp.c_fc`, width, mlpRatio * width, deviation),
    ...linear(`${h}.mlp.c_proj`, mlpRatio * width, width, residual),
  ]
  return [
    matrix('wte.weight', [vocabulary, width], deviation),
    matrix('wpe.weight', [context, width], deviation),
    ...Array.from({ length: layers }, (_, i) => block(`h.${i}`)).flat(),
    ...norm('ln_f', width),
    ...(tiedHead ? [] : [matrix('lm_head.weight', [vocabulary, width], deviation)]),
  ]
}

/** Builds a GPT. */
export function gpt(config: GptConfig): LanguageModel {
  const { layers, heads, width: d, context, vocabulary, tiedHead } = config
  const headWidth = d / heads

  const logits = ({ parameters, width, dropout }: ForwardContext, tokens: Tensor, positions: Tensor, cache?: Cache) => {
    const [batch, length] = tokens.shape as [number, number]
    const p = (name: string) => named(parameters, name)
    const linearly = (x: Tensor, name: string) => add(matmul(x, p(`${name}.weight`), width), p(`${name}.bias`))
    const normed = (x: Tensor, name: string) => layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), EPSILON)
    const heads4 = (x: Tensor) => reshape(x, [batch, length, heads, headWidth])

    const attention = (x: Tensor, layer: number): Tensor => {
      const attn = `h.${layer}.attn`
      const [q, k, v] = ['q', 'k', 'v'].map(which => headMajor(heads4(linearly(x, `${attn}.${which}`)), heads)) as [
        Tensor,
        Tensor,
        Tensor,
      ]
      const [keys, values] = cache === undefined ? [k, v] : [cache(layer, 'keys', k), cache(layer, 'values', v)]
      return linearly(attend(q, keys, values, positions, width), `${attn}.c_proj`)
    }
    const mlp = (x: Tensor, layer: number): Tensor =>
      linearly(gelu(linearly(x, `h.${layer}.mlp.c_fc`)), `h.${layer}.mlp.c_proj`)

    const embedded = add(gather(p('wte.weight'), tokens), gather(p('wpe.weight'), positions)) // [B, T, D]
    let x = dropout(reshape(embedded, [batch * length, d]))
    for (let layer = 0; layer < layers; layer++) {
      x = add(x, dropout(attention(normed(x, `h.${layer}.ln_1`), layer)))
      x = add(x, dropout(mlp(normed(x, `h.${layer}.ln_2`), layer)))
    }
    return matmul(normed(x, 'ln_f'), p(tiedHead ? 'wte.weight' : 'lm_head.weight'), width, true) // [N, V]
  }
  return {
    kind: 'language',
    context,
    vocabulary,
    layers,
    keyHeads: heads,
    headWidth,
    parameters: gptParameters(config),
    logits,
  }
}
