/**
 * The sections of a job specification, one strict schema each. Defaults stand here and nowhere else.
 * SPEC: protocol.md section 1; docs/spec/job.md explains every key. Rules that join several keys are in `rules.ts`.
 */
import { z } from 'zod'
import type { Decimal } from '../decimal.ts'
import { POLICIES } from '../settlement/terms.ts'
import { count, decimal, sha256Hex, text } from './fields.ts'

const unit = { atLeast: '0', below: '1' } as const
const dropout = () => decimal('share of activations that training drops', unit).prefault(0)
const vocabulary = () => count('tokens in the embedding; the tokeniser’s when left out', 2).exactOptional()
const context = () => count('tokens in a window', 1, 1 << 20)

const gpt = z.strictObject({
  kind: z.literal('gpt'),
  layers: count('transformer blocks', 1, 1024),
  heads: count('attention heads per block', 1, 1024),
  width: count('features per token', 1, 1 << 16),
  context: context(),
  vocabulary: vocabulary(),
  tiedHead: z.boolean().default(true).describe('the output head shares the embedding’s weights'),
  dropout: dropout(),
  mlpRatio: count('hidden width of the feed-forward layer, in widths', 1, 64).default(4),
})

const llama = z.strictObject({
  kind: z.literal('llama'),
  layers: count('transformer blocks', 1, 1024),
  heads: count('query heads per block', 1, 1024),
  kvHeads: count('key and value heads per block', 1, 1024),
  width: count('features per token', 1, 1 << 16),
  hiddenWidth: count('hidden width of the SwiGLU layer', 1, 1 << 18),
  context: context(),
  vocabulary: vocabulary(),
  tiedHead: z.boolean().default(false).describe('the output head shares the embedding’s weights'),
  ropeTheta: decimal('base of the rotary positions', { atLeast: '1', atMost: '1000000000' }).prefault(10000),
  dropout: dropout(),
})

const mlp = z.strictObject({
  kind: z.literal('mlp'),
  layers: z
    .array(count('features of a layer', 1, 1 << 16))
    .min(2)
    .max(64)
    .describe('widths from the input to the classes, such as [784, 256, 128, 10]'),
  activation: z.enum(['gelu', 'relu']).default('gelu'),
})

export const model = z.discriminatedUnion('kind', [gpt, llama, mlp])

const source = () => text('a path, or package:NAME for data inside an npm package', 'a path or package:NAME')
const sha256 = () => sha256Hex('SHA-256 that the content of the data must have').exactOptional()
const validationFraction = () =>
  decimal('share of the tokens kept for validation', { above: '0', below: '1' }).prefault(0.1)
const tokeniser = () =>
  z
    .union(
      [
        z.enum(['bytes', 'characters']),
        z.strictObject({ file: text('path of a Hugging Face tokenizer.json', 'a path') }),
      ],
      { error: 'bytes, characters, or {file: PATH}' },
    )
    .default('bytes')

export const data = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('text'),
    source: source(),
    tokeniser: tokeniser(),
    validationFraction: validationFraction(),
    sha256: sha256(),
  }),
  z.strictObject({
    kind: z.literal('jsonl'),
    source: source(),
    field: text('key of every line that holds its text', 'the name of a key').default('text'),
    tokeniser: tokeniser(),
    validationFraction: validationFraction(),
    sha256: sha256(),
  }),
  z.strictObject({
    kind: z.literal('digits'),
    source: source(),
    heldOut: count('digits kept for validation').default(2000),
    sha256: sha256(),
  }),
])

const learningRateRange = { atLeast: '0.000000000001', atMost: '1000000' } as const

export const optimiser = z.strictObject({
  kind: z.literal('adamw').default('adamw'),
  learningRate: decimal('peak learning rate, after the warm-up', learningRateRange),
  minLearningRate: decimal('learning rate at the end of the cosine', {
    atLeast: '0',
    atMost: '1000000',
  }).prefault(0),
  betas: z
    .tuple([decimal('decay of the first moment', unit), decimal('decay of the second moment', unit)])
    .prefault([0.9, 0.95]),
  epsilon: decimal('added to the root of the second moment', { atLeast: '0.000000000001', atMost: '1' }).prefault(1e-8),
  weightDecay: decimal('decoupled decay, per unit of learning rate', { atLeast: '0', atMost: '1000' }).prefault(0.1),
  clipNorm: decimal('largest global norm of the gradient', { atLeast: '0.000001', atMost: '1000000' }).prefault(1),
  warmupSteps: count('inner steps of linear warm-up', 0).default(0),
})

export const schedule = z.strictObject({
  replicas: count('copies of the model that train side by side', 1, 1 << 16),
  innerSteps: count('optimiser steps in a round'),
  rounds: count('rounds in the job'),
  batch: count('windows (digits: samples) in an optimiser step of one replica', 1, 1 << 20),
  microBatches: count('parts a batch is computed in, to save memory', 1, 1 << 20).default(1),
  checkpoints: count('checkpoint roots in a commitment', 1, 1024).default(5),
})

export const outer = z
  .strictObject({
    learningRate: decimal('outer learning rate', { atLeast: '0.000000000001', atMost: '1000' }).prefault(0.7),
    momentum: decimal('outer momentum', unit).prefault(0.9),
    nesterov: z.boolean().default(true).describe('look ahead along the momentum'),
    innerState: z.enum(['keep', 'reset']).default('keep').describe('what becomes of inner moments between rounds'),
  })
  .prefault({})

export const evaluation = z
  .strictObject({
    batches: count('batches of validation data in an evaluation', 1, 1 << 20).default(8),
    everyRounds: count('rounds from one evaluation to the next').default(1),
  })
  .prefault({})

export const numerics = z
  .strictObject({
    contract: z.literal('cn1').default('cn1'),
    width: z.enum(['mx8', 'mx12']).default('mx8').describe('mantissas of the contractions'),
  })
  .prefault({})

/** What a policy that audits has where nothing is written. */
const AUDIT_DEFAULTS = { rate: '0.1' as Decimal, verifiers: 1, unsettledRounds: 16 }
/** A unit that one node does is compared with nothing. */
const LEAST_DOERS = 2
const REDUNDANCY_DEFAULTS = { ...AUDIT_DEFAULTS, verifiers: LEAST_DOERS }
const TOO_FEW_DOERS = {
  message: 'a number of at least 2 where the policy is redundancy: it counts the nodes that do every unit',
  params: { fix: 'Use 2 to 5, or set verification.policy to audit.' },
}
const NEEDLESS = {
  message: 'no such key where the policy is none: nothing is audited',
  params: { fix: 'Remove it, or set verification.policy to audit.' },
}
/** A contract counts chances in parts per million. */
const RATE_PATTERN = /^\d+(\.\d{1,6})?$/

export const verification = z
  .strictObject({
    policy: z.enum(POLICIES).default('audit').describe('how a network checks the work'),
    rate: decimal('least chance that a unit is audited', { atLeast: '0.000001', atMost: '1' })
      .refine(rate => RATE_PATTERN.test(rate), { error: 'a number with at most six decimals' })
      .exactOptional(),
    verifiers: count('nodes that do an audited part again; under redundancy, that do every unit', 1, 5).exactOptional(),
    unsettledRounds: count('rounds that may be done beyond the final ones', 1, 64).exactOptional(),
  })
  .superRefine(({ policy, ...audits }, { addIssue }) => {
    const needless = policy === 'none' ? Object.keys(audits) : []
    for (const key of needless) addIssue({ code: 'custom', path: [key], ...NEEDLESS })
    if (policy === 'redundancy' && (audits.verifiers ?? LEAST_DOERS) < LEAST_DOERS)
      addIssue({ code: 'custom', path: ['verifiers'], ...TOO_FEW_DOERS })
  })
  .transform(({ policy, ...audits }) => {
    if (policy === 'none') return { policy }
    return { policy, ...(policy === 'redundancy' ? REDUNDANCY_DEFAULTS : AUDIT_DEFAULTS), ...audits }
  })
  .prefault({})

export const budget = z.strictObject({
  token: text('address or name of an ERC-20 token', 'the address or name of a token'),
  maximum: z
    .union([z.int().min(0), z.string().regex(/^(0|[1-9][0-9]{0,77})$/)], {
      error: 'a whole number of the token’s smallest unit',
    })
    .transform(String)
    .describe('most that the job may cost, in the token’s smallest unit'),
})

export const resources = z.strictObject({
  memoryBytes: count('memory that a node must have', 1, Number.MAX_SAFE_INTEGER),
})
