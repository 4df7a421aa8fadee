/** From a job specification to a model and to the numbers a program is compiled from. */
import { InputError } from '@cairn/primitives'
import { type Decimal, decimalToF32Bits, type JobSpec } from '@cairn/protocol'
import { gpt } from '../models/gpt.ts'
import { llama } from '../models/llama.ts'
import { mlp } from '../models/mlp.ts'
import type { Model } from '../models/model.ts'
import type { InnerSettings } from './inner-graph.ts'
import type { OptimiserSettings } from './schedule.ts'

/** Builds the model a specification describes; `vocabulary` is the tokeniser's. */
export function modelOf({ model, data }: JobSpec, vocabulary: number): Model {
  if (model.kind === 'mlp') return mlp(model)
  if (model.vocabulary !== undefined && model.vocabulary !== vocabulary) {
    throw new InputError('VocabularyMismatch', 'the model and the tokeniser have different vocabularies', {
      path: 'model.vocabulary',
      expected: `${vocabulary}, the size of the tokeniser's vocabulary`,
      found: String(model.vocabulary),
      fix: `remove model.vocabulary, or use a tokeniser of that size for the ${data.kind} data`,
    })
  }
  if (model.kind === 'gpt') return gpt({ ...model, vocabulary })
  return llama({ ...model, vocabulary, ropeTheta: Number(model.ropeTheta) })
}

function optimiserOf({ optimiser: o }: JobSpec): OptimiserSettings {
  const [beta1, beta2] = o.betas as readonly [Decimal, Decimal]
  return {
    learningRate: Number(o.learningRate),
    minLearningRate: Number(o.minLearningRate),
    beta1: Number(beta1),
    beta2: Number(beta2),
    weightDecay: Number(o.weightDecay),
    warmupSteps: o.warmupSteps,
    bits: {
      beta1: decimalToF32Bits(beta1),
      beta2: decimalToF32Bits(beta2),
      epsilon: decimalToF32Bits(o.epsilon),
      clipNorm: decimalToF32Bits(o.clipNorm),
    },
  }
}

/** Returns what the graph of the inner step is built from. */
export function innerSettings(spec: JobSpec, model: Model): InnerSettings {
  const { innerSteps, rounds, batch, microBatches } = spec.schedule
  const steps = innerSteps * rounds
  return {
    model,
    width: spec.numerics.width,
    batch,
    microBatches,
    dropout: spec.model.kind === 'mlp' ? 0 : Number(spec.model.dropout),
    optimiser: optimiserOf(spec),
    steps,
    momentSteps: spec.outer.innerState === 'reset' ? innerSteps : steps,
    unitSteps: innerSteps,
  }
}
