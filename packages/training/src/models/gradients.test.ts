/**
 * Gradients of whole models. In double precision they agree with central differences of the loss; in cn1 they agree with
 * the double-precision ones up to quantisation noise, which four more bits of mantissa make some sixteen times smaller.
 */
import {
  asF32,
  bytesOf,
  type Graph,
  gradients,
  graphBuilder,
  type QuantisedDType,
  type Tensor,
  wasm,
} from '@cairn/engine'
import { type DoubleTensor, evaluateInDouble, floats, integers, random } from '@cairn/engine/conformance'
import { expect, test } from 'vitest'
import { parameterInputs } from '../compile/inner-graph.ts'
import { batchInputs, batchLoss, noDropout } from '../compile/loss-graph.ts'
import { gpt } from './gpt.ts'
import { llama } from './llama.ts'
import { mlp } from './mlp.ts'
import type { Model } from './model.ts'

const BATCH = 2
const models: Record<string, Model> = {
  gpt: gpt({ layers: 2, heads: 2, width: 16, context: 8, vocabulary: 13, mlpRatio: 4, tiedHead: true }),
  'gpt with its own head': gpt({
    layers: 1,
    heads: 4,
    width: 16,
    context: 8,
    vocabulary: 13,
    mlpRatio: 2,
    tiedHead: false,
  }),
  llama: llama({
    layers: 2,
    heads: 4,
    kvHeads: 2,
    width: 16,
    hiddenWidth: 24,
    context: 8,
    vocabulary: 13,
    ropeTheta: 10000,
    tiedHead: false,
  }),
  'mlp with gelu': mlp({ layers: [12, 16, 10], activation: 'gelu' }),
  'mlp with relu': mlp({ layers: [12, 16, 10], activation: 'relu' }),
}

interface Differentiated {
  readonly graph: Graph
  readonly inputs: Readonly<Record<string, Float32Array | Int32Array>>
}

function differentiate(model: Model, width: QuantisedDType): Differentiated {
  const r = random(41)
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, model.parameters)
  const batch = batchInputs(builder, model, BATCH)
  const loss = batchLoss(model, parameters, batch, { width, dropout: noDropout })
  const found = gradients(
    loss,
    model.parameters.map(({ name }) => parameters[name] as Tensor),
  ) as Tensor[]
  const outputs = Object.fromEntries(found.map((g, i) => [`d/${model.parameters[i]?.name}`, g]))
  const size = (shape: readonly number[]) => shape.reduce((n, s) => n * s, 1)
  const classes = model.kind === 'language' ? model.vocabulary : model.classes
  const inputs: Record<string, Float32Array | Int32Array> = {
    x: batch.x.dtype === 'i32' ? integers(r, size(batch.x.shape), classes) : floats(r, size(batch.x.shape), 'unit'),
    targets: integers(r, size(batch.targets.shape), classes),
  }
  for (const { name, shape, initial } of model.parameters) {
    const centre = initial.kind === 'constant' ? initial.value : 0
    inputs[name] = Float32Array.from({ length: size(shape) }, () => centre + (r.word() / 2 ** 32 - 0.5) * 0.8)
  }
  return { graph: builder.finish({ loss, ...outputs }), inputs }
}

function inDouble(
  { graph, inputs }: Differentiated,
  changed?: readonly [string, number, number],
): (output: string) => DoubleTensor {
  const named = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)]))
  if (changed !== undefined) {
    const [name, index, by] = changed
    const tensor = named[name] as Float64Array
    tensor[index] = (tensor[index] as number) + by
  }
  const values = evaluateInDouble(graph, named)
  return output => values[graph.outputs[output] as number] as DoubleTensor
}

const STEP = 1e-5
const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, x) => sum + x * x, 0))

test.each(Object.keys(models))('%s: gradients agree with central differences in double precision', name => {
  const model = models[name] as Model
  const d = differentiate(model, 'mx8')
  const exact = inDouble(d)
  const r = random(5)
  for (const { name: parameter, shape } of model.parameters) {
    const count = shape.reduce((n, s) => n * s, 1)
    const indices = Array.from({ length: Math.min(6, count) }, () => r.below(count))
    const gradient = exact(`d/${parameter}`)
    const errors = indices.map(index => {
      const [above, below] = [STEP, -STEP].map(by => inDouble(d, [parameter, index, by])('loss')[0] as number) as [
        number,
        number,
      ]
      return (above - below) / (2 * STEP) - (gradient[index] as number)
    })
    expect(norm(errors), parameter).toBeLessThan(1e-6 * norm(gradient) + 1e-9)
  }
})

async function relativeError(model: Model, width: QuantisedDType): Promise<number> {
  const d = differentiate(model, width)
  const exact = inDouble(d)
  const e = await wasm.compile(d.graph)
  for (const [name, data] of Object.entries(d.inputs)) e.write(name, bytesOf(data))
  expect(e.run().ok).toBe(true)
  const [wrong, whole]: [number[], number[]] = [[], []]
  for (const { name } of model.parameters) {
    const expected = exact(`d/${name}`)
    asF32(e.read(`d/${name}`)).forEach((x, i) => {
      wrong.push(x - (expected[i] as number))
      whole.push(expected[i] as number)
    })
  }
  await e.close()
  return norm(wrong) / norm(whole)
}

test.each(Object.keys(models))('%s: cn1 agrees with double precision up to quantisation noise', async name => {
  const [mx8, mx12] = [
    await relativeError(models[name] as Model, 'mx8'),
    await relativeError(models[name] as Model, 'mx12'),
  ]
  // The bounds of e2e/slow/gpt-step.ts, which compares with PyTorch.
  expect(mx8).toBeLessThan(0.08)
  expect(mx12).toBeLessThan(0.005)
  expect(mx8 / mx12).toBeGreaterThan(8)
  expect(mx8 / mx12).toBeLessThan(32)
})
