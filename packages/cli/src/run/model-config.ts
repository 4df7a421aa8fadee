/** A model's shape as the `config.json` that other libraries read beside a safetensors file. */
import type { JobSpec } from '@cairn/protocol'

type ModelSpec<Kind extends JobSpec['model']['kind']> = Extract<JobSpec['model'], { kind: Kind }>

type Describe<Kind extends JobSpec['model']['kind']> = (model: ModelSpec<Kind>, vocabulary: number) => object

const NORM_EPSILON = 1e-5

const DESCRIBE: { readonly [Kind in JobSpec['model']['kind']]: Describe<Kind> } = {
  gpt: ({ layers, heads, width, context, mlpRatio, tiedHead, dropout }, vocabulary) => ({
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    n_layer: layers,
    n_head: heads,
    n_embd: width,
    n_inner: mlpRatio * width,
    n_positions: context,
    n_ctx: context,
    vocab_size: vocabulary,
    activation_function: 'gelu_new',
    layer_norm_epsilon: NORM_EPSILON,
    scale_attn_weights: true,
    tie_word_embeddings: tiedHead,
    resid_pdrop: Number(dropout),
    embd_pdrop: Number(dropout),
    attn_pdrop: 0,
    bos_token_id: null,
    eos_token_id: null,
  }),
  llama: ({ layers, heads, kvHeads, width, hiddenWidth, context, tiedHead, ropeTheta }, vocabulary) => ({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: width / heads,
    hidden_size: width,
    intermediate_size: hiddenWidth,
    max_position_embeddings: context,
    vocab_size: vocabulary,
    hidden_act: 'silu',
    rms_norm_eps: NORM_EPSILON,
    rope_theta: Number(ropeTheta),
    tie_word_embeddings: tiedHead,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: null,
    eos_token_id: null,
  }),
  mlp: ({ layers, activation }) => ({ model_type: 'mlp', layers, activation }),
}

/** Describes a model. `vocabulary` is the tokeniser's; a classifier has none. */
export function modelConfig(model: JobSpec['model'], vocabulary: number): object {
  const describe = DESCRIBE[model.kind] as Describe<typeof model.kind>
  return { ...describe(model as never, vocabulary), torch_dtype: 'float32' }
}
