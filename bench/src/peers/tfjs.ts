/**
 * Peer `tfjs`: TensorFlow.js on its WASM backend, SIMD, one thread, through its public `tf.*` operators only.
 * Its automatic gradients use transposed products, which the backend computes ten times slower than plain ones, so
 * the backward pass is written by hand (`tfjs/`), as somebody who needs the speed would do.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { serve } from './protocol.ts'
import { gptStep } from './tfjs/gpt.ts'
import { mlpStep } from './tfjs/mlp.ts'

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`)
setThreadsCount(1)
tf.enableProdMode()
await tf.setBackend('wasm')

await serve((model, inputs) => (model.kind === 'gpt' ? gptStep(model, inputs) : mlpStep(model, inputs)))
