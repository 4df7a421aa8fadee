/** The inner step of a job, given the weights and batches of the benchmark instead of a job's. */
import { asF32, type Backend, bitsOf, bytesOf, type Executable } from '@cairn/engine'
import { gpt, innerGraph, type Model, mlp } from '@cairn/training'
import { type Case, hyper } from '../cases.ts'
import type { Inputs } from '../inputs.ts'
import type { TrainStep } from '../protocol.ts'

/** Rows of the schedule's table. Later steps take the last one: the bias corrections have long become 1. */
const STEPS = 4096

const modelOf = (model: Case): Model =>
  model.kind === 'gpt'
    ? gpt({ ...model, mlpRatio: 4, tiedHead: true })
    : mlp({ layers: model.sizes, activation: 'relu' })

const graphOf = (model: Model, batch: number) =>
  innerGraph({
    model,
    width: 'mx8',
    batch,
    microBatches: 1,
    dropout: 0,
    optimiser: {
      ...hyper,
      minLearningRate: hyper.learningRate,
      warmupSteps: 0,
      bits: {
        beta1: bitsOf(hyper.beta1),
        beta2: bitsOf(hyper.beta2),
        epsilon: bitsOf(hyper.epsilon),
        clipNorm: bitsOf(hyper.clipNorm),
      },
    },
    steps: STEPS,
    momentSteps: STEPS,
    unitSteps: STEPS,
  })

const PART = /^(.+\.attn)\.([qkv])\.(weight|bias)$/

/** Reads a parameter; query, key and value are columns of the joined `c_attn` of GPT-2 checkpoints. */
function read(inputs: Inputs, name: string): Float32Array {
  const [, attention, letter = '', kind] = PART.exec(name) ?? []
  if (attention === undefined) return inputs.read(name) as Float32Array
  const joined = `${attention}.c_attn.${kind}`
  const all = inputs.shape(joined).at(-1)!
  const first = ('qkv'.indexOf(letter) * all) / 3
  return (inputs.read(joined) as Float32Array).filter((_, i) => i % all >= first && i % all < first + all / 3)
}

/** Loads the parameters and returns the training step. Moments start as zeros, as memory does. */
export async function trainStep(backend: Backend, wanted: Case, inputs: Inputs): Promise<TrainStep> {
  const model = modelOf(wanted)
  const e: Executable = await backend.compile(graphOf(model, wanted.batch))
  for (const { name } of model.parameters) e.write(name, bytesOf(read(inputs, name)))
  let step = 0
  return batch => {
    e.write('x', bytesOf(batch.inputs))
    e.write('targets', bytesOf(batch.targets))
    e.write('step', bytesOf(Int32Array.of(Math.min(step++, STEPS - 1))))
    if (!e.run().ok) throw new Error('The training step diverged.')
    return asF32(e.read('loss'))[0]!
  }
}
