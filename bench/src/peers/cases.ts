/**
 * The models and hyper-parameters that every peer trains, once, so that no peer can have its own.
 * Linear layers compute `x @ W + b` with W as [in, out]; names are those of GPT-2 checkpoints. The head is `wte` again.
 */
export interface GptCase {
  readonly kind: 'gpt'
  readonly layers: number
  readonly heads: number
  readonly width: number
  readonly context: number
  readonly batch: number
  readonly vocabulary: number
}

export interface MlpCase {
  readonly kind: 'mlp'
  readonly sizes: readonly number[]
  readonly batch: number
}

export type Case = GptCase | MlpCase

export const cases = {
  S: { kind: 'gpt', layers: 4, heads: 4, width: 128, context: 128, batch: 8, vocabulary: 65 },
  M: { kind: 'gpt', layers: 6, heads: 6, width: 384, context: 256, batch: 4, vocabulary: 65 },
  mlp: { kind: 'mlp', sizes: [784, 256, 128, 10], batch: 64 },
} as const satisfies Record<string, Case>

export type CaseName = keyof typeof cases

export const caseNames = Object.keys(cases) as CaseName[]

/** AdamW as in nanoGPT: matrices decay, vectors do not; a constant rate, no schedule. */
export const hyper = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clipNorm: 1,
  layerNormEpsilon: 1e-5,
} as const

/** Steps before a peer says it is ready: compilers have then tiered up and allocators reached their size. */
export const WARM_UP_STEPS = 3

/** Batches that are used in turn. One batch repeated would be learned by heart and end in subnormals. */
export const BATCHES = 8

export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  /** Standard deviation of the initial values, or the constant they all have. */
  readonly initial: { readonly std: number } | { readonly constant: number }
}

const matrix = (name: string, rows: number, columns: number, std: number): Parameter => ({
  name,
  shape: [rows, columns],
  initial: { std },
})

const vector = (name: string, size: number, constant: number): Parameter => ({
  name,
  shape: [size],
  initial: { constant },
})

const norm = (name: string, width: number): Parameter[] => [
  vector(`${name}.weight`, width, 1),
  vector(`${name}.bias`, width, 0),
]

const linear = (name: string, inner: number, outer: number, std: number): Parameter[] => [
  matrix(`${name}.weight`, inner, outer, std),
  vector(`${name}.bias`, outer, 0),
]

function block({ width, layers }: GptCase, layer: number): Parameter[] {
  const residual = 0.02 / Math.sqrt(2 * layers)
  return [
    ...norm(`h.${layer}.ln_1`, width),
    ...linear(`h.${layer}.attn.c_attn`, width, 3 * width, 0.02),
    ...linear(`h.${layer}.attn.c_proj`, width, width, residual),
    ...norm(`h.${layer}.ln_2`, width),
    ...linear(`h.${layer}.mlp.c_fc`, width, 4 * width, 0.02),
    ...linear(`h.${layer}.mlp.c_proj`, 4 * width, width, residual),
  ]
}

function gptParameters(model: GptCase): Parameter[] {
  return [
    matrix('wte.weight', model.vocabulary, model.width, 0.02),
    matrix('wpe.weight', model.context, model.width, 0.02),
    ...Array.from({ length: model.layers }, (_, layer) => block(model, layer)).flat(),
    ...norm('ln_f', model.width),
  ]
}

/** He initialisation, which keeps the size of activations through ReLU. */
const mlpParameters = ({ sizes }: MlpCase): Parameter[] =>
  sizes.slice(1).flatMap((outer, i) => linear(`layers.${i}`, sizes[i]!, outer, Math.sqrt(2 / sizes[i]!)))

/** Lists a model's parameters in the order in which their initial values are drawn. */
export const parametersOf = (model: Case): Parameter[] =>
  model.kind === 'gpt' ? gptParameters(model) : mlpParameters(model)
