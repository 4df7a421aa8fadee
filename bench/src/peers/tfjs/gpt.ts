/** A GPT's training step: embedding, blocks, tied head, loss, and all of it backwards. */
import * as tf from '@tensorflow/tfjs'
import type { GptCase } from '../cases.ts'
import type { Inputs } from '../inputs.ts'
import type { TrainStep } from '../protocol.ts'
import { causalMask } from './attention.ts'
import { type Block, block, blockGradient, isNarrowing } from './block.ts'
import { crossEntropy, layerNorm, layerNormGradient, type Matrix, oneHot, transpose } from './layers.ts'
import { type Gradients, loadParameters, type Parameters, store } from './parameters.ts'

/** The token's row of the table plus the position's. */
const embed = (tokens: tf.Tensor1D, p: Parameters, { batch, context, width }: GptCase): Matrix =>
  tf.tidy(() => {
    const rows = tf.reshape(tf.gather(p.get('wte.weight'), tokens), [batch, context, width])
    return tf.reshape(tf.add(rows, p.get('wpe.weight')), [batch * context, width])
  })

/** Loss, gradient of the last block's output, and gradients of the head (the token table) and the last norm. */
const head = (x: Matrix, targets: tf.Tensor1D, p: Parameters, { vocabulary }: GptCase) =>
  tf.tidy(() => {
    const table = p.get('wte.weight') as Matrix
    const last = layerNorm(x, p.gain('ln_f'))
    const hot = oneHot(targets, vocabulary)
    const { loss, gradient } = crossEntropy(tf.matMul(last.output, transpose(table)), hot)
    const d = layerNormGradient(last, p.gain('ln_f'), tf.matMul(gradient, table))
    const dTable = tf.matMul(transpose(gradient), last.output) as Matrix
    return { loss, dTable, input: d.input, norm: { weight: d.weight, bias: d.bias } }
  })

/** A scatter-add as a product with one-hot rows: the vocabulary is small and products are fast. */
const embeddingGradient = (
  tokens: tf.Tensor1D,
  dx: Matrix,
  dHead: Matrix,
  { batch, context, width, vocabulary }: GptCase,
) =>
  tf.tidy(() => {
    const hot = oneHot(tokens, vocabulary)
    const positions = tf.addN(tf.unstack(tf.reshape(dx, [batch, context, width])))
    return { table: tf.add(dHead, tf.matMul(transpose(hot), dx)), positions }
  })

function backward(blocks: Block[], dLast: Matrix, p: Parameters, model: GptCase, gradients: Gradients): Matrix {
  let dx = dLast
  for (const [i, { passed }] of [...blocks.entries()].reverse()) {
    const d = blockGradient(passed, dx, `h.${i}`, p, model)
    tf.dispose([dx, passed])
    store(gradients, d.layers, `h.${i}.`)
    dx = d.input
  }
  return dx
}

function forward(x: Matrix, p: Parameters, model: GptCase, mask: Matrix): { last: Matrix; blocks: Block[] } {
  const blocks: Block[] = []
  let last = x
  for (let i = 0; i < model.layers; i++) {
    const next = block(last, `h.${i}`, p, model, mask)
    last.dispose()
    last = next.output
    blocks.push(next)
  }
  return { last, blocks }
}

/** Loads a GPT and returns its training step. */
export function gptStep(model: GptCase, inputs: Inputs): TrainStep {
  const p = loadParameters(inputs, isNarrowing)
  const mask = causalMask(model.context)
  return batch => {
    const [tokens, targets] = [batch.inputs, batch.targets].map(values => tf.tensor1d(values, 'int32'))
    const { last, blocks } = forward(embed(tokens!, p, model), p, model, mask)
    const top = head(last, targets!, p, model)
    const gradients: Gradients = new Map()
    store(gradients, { ln_f: top.norm })
    const dx = backward(blocks, top.input, p, model, gradients)
    const { table, positions } = embeddingGradient(tokens!, dx, top.dTable, model)
    p.update(gradients.set('wte.weight', table).set('wpe.weight', positions))
    const [loss] = top.loss.dataSync()
    tf.dispose([tokens!, targets!, last, dx, top.dTable, top.loss])
    return loss!
  }
}
