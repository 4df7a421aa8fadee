/**
 * Peer `cairn`: the models of `packages/training` and their inner step on the wasm backend, fused, one thread, in the
 * default width, as a job of one replica runs them.
 */
import { wasm } from '@cairn/engine'
import { trainStep } from './cairn/train.ts'
import { serve } from './protocol.ts'

await serve((model, inputs) => trainStep(wasm, model, inputs))
