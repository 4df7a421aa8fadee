/**
 * Peer `jax-js`: @jax-js/jax on its WASM backend, one thread (it has no others in Node), as its users write it: a pure
 * loss function, `valueAndGrad`, and the whole step, AdamW included, under one `jit`.
 */
import { defaultDevice, init } from '@jax-js/jax'
import { gptLoss } from './jax-js/gpt.ts'
import { mlpLoss } from './jax-js/mlp.ts'
import { trainStep } from './jax-js/train.ts'
import { serve } from './protocol.ts'

await init('wasm')
defaultDevice('wasm')

await serve((model, inputs) => trainStep(model.kind === 'gpt' ? gptLoss(model) : mlpLoss(model), inputs))
