import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ExpectedShapes, fromCheckpoint, isCheckpointBuffer, toCheckpoint } from './names.ts'
import { elementCount, type WeightTensor } from './tensor.ts'

const tensor = (name: string, shape: readonly number[], seed = 0): WeightTensor => ({
  name,
  dtype: 'F32',
  shape,
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => seed + i),
})

const GPT: ExpectedShapes = {
  'wte.weight': [5, 2],
  'h.0.attn.q.weight': [2, 2],
  'h.0.attn.k.weight': [2, 2],
  'h.0.attn.v.weight': [2, 2],
  'h.0.attn.q.bias': [2],
  'h.0.attn.k.bias': [2],
  'h.0.attn.v.bias': [2],
  'h.0.attn.c_proj.weight': [2, 2],
  'ln_f.weight': [2],
}
const parameters = Object.entries(GPT).map(([name, shape], i) => tensor(name, shape, 100 * i))
const checkpoint = toCheckpoint(parameters)
const renamed = (rename: (name: string) => string) => checkpoint.map(each => ({ ...each, name: rename(each.name) }))

test('joins query, key and value as GPT-2 stores them', () => {
  expect(checkpoint.map(({ name, shape }) => [name, shape])).toEqual([
    ['wte.weight', [5, 2]],
    ['h.0.attn.c_attn.weight', [2, 6]],
    ['h.0.attn.c_attn.bias', [6]],
    ['h.0.attn.c_proj.weight', [2, 2]],
    ['ln_f.weight', [2]],
  ])
  expect([...checkpoint[1]!.data]).toEqual([100, 101, 200, 201, 300, 301, 102, 103, 202, 203, 302, 303])
  expect([...checkpoint[2]!.data]).toEqual([400, 401, 500, 501, 600, 601])
})

test('comes back from the checkpoint unchanged, in the order of the model', () => {
  expect(fromCheckpoint(checkpoint, GPT)).toEqual(parameters)
  expect(fromCheckpoint([...checkpoint].reverse(), GPT)).toEqual(parameters)
  expect(fromCheckpoint(parameters, GPT)).toEqual(parameters)
})

test('splits and joins any number of layers and widths', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 7 }), (layers, width) => {
      const shapes: Record<string, number[]> = {}
      for (let i = 0; i < layers; i++) {
        for (const each of ['q', 'k', 'v']) {
          shapes[`h.${i}.attn.${each}.weight`] = [width, width]
          shapes[`h.${i}.attn.${each}.bias`] = [width]
        }
      }
      const tensors = Object.entries(shapes).map(([name, shape], i) => tensor(name, shape, 1000 * i))
      expect(toCheckpoint(tensors)).toHaveLength(2 * layers)
      expect(fromCheckpoint(toCheckpoint(tensors), shapes)).toEqual(tensors)
    }),
  )
})

test('leaves the names of Llama and of the MLP alone', () => {
  const shapes = { 'model.layers.0.self_attn.q_proj.weight': [4, 2], 'layers.0.bias': [3], 'lm_head.weight': [5, 2] }
  const tensors = Object.entries(shapes).map(([name, shape]) => tensor(name, shape))
  expect(toCheckpoint(tensors)).toEqual(tensors)
  expect(fromCheckpoint(tensors, shapes)).toEqual(tensors)
})

test('accepts the prefix "transformer." and leaves out masks and rotary frequencies', () => {
  const buffers = ['transformer.h.0.attn.bias', 'h.0.attn.masked_bias', 'model.layers.1.self_attn.rotary_emb.inv_freq']
  expect(buffers.map(isCheckpointBuffer)).toEqual([true, true, true])
  expect(Object.keys(GPT).some(isCheckpointBuffer)).toBe(false)
  const tensors = [...renamed(name => `transformer.${name}`), ...buffers.map(name => tensor(name, [1]))]
  expect(fromCheckpoint(tensors, GPT)).toEqual(parameters)
})

test('takes a head that repeats tied embeddings, and no other', () => {
  const head = { ...parameters[0]!, name: 'lm_head.weight' }
  expect(fromCheckpoint([...checkpoint, head], GPT)).toEqual(parameters)
  const other = { ...head, data: head.data.map((x, i) => (i === 9 ? x + 1 : x)) }
  expect(() => fromCheckpoint([...checkpoint, other], GPT)).toThrow(
    expect.objectContaining({ code: 'UnknownTensor', path: 'lm_head.weight' }),
  )
})

test.each([
  [
    'another shape',
    renamed(name => name).map(each => (each.name === 'ln_f.weight' ? tensor('ln_f.weight', [3]) : each)),
    { code: 'WrongShape', path: 'ln_f.weight', expected: '[2]', found: '[3]' },
  ],
  [
    'another shape of the joined tensor',
    [...parameters.filter(({ name }) => !/[qkv].weight/.test(name)), tensor('h.0.attn.c_attn.weight', [2, 4])],
    { code: 'WrongShape', path: 'h.0.attn.c_attn.weight', expected: '[2, 6]', found: '[2, 4]' },
  ],
  [
    'a missing tensor',
    checkpoint.slice(1),
    { code: 'MissingTensor', path: 'wte.weight', expected: 'a tensor of shape [5, 2]' },
  ],
  [
    'a missing joined tensor',
    checkpoint.filter(({ name }) => !name.endsWith('c_attn.bias')),
    { code: 'MissingTensor', path: 'h.0.attn.q.bias' },
  ],
  [
    'an unknown tensor',
    [...checkpoint, tensor('h.1.ln_1.weight', [2])],
    { code: 'UnknownTensor', path: 'h.1.ln_1.weight' },
  ],
  [
    'a joined tensor the model has no parts for',
    [...checkpoint, tensor('h.1.attn.c_attn.bias', [6])],
    { code: 'UnknownTensor', path: 'h.1.attn.c_attn.bias' },
  ],
  [
    'a tensor under two names',
    [...checkpoint, tensor('transformer.wte.weight', [5, 2])],
    { code: 'RepeatedTensor', path: 'wte.weight' },
  ],
  [
    'parts beside the joined tensor',
    [...checkpoint, tensor('h.0.attn.k.bias', [2])],
    { code: 'RepeatedTensor', path: 'h.0.attn.k.bias' },
  ],
])('refuses %s', (_, tensors, error) => {
  expect(() => fromCheckpoint(tensors, GPT)).toThrow(expect.objectContaining({ name: 'InputError', ...error }))
})

test('does not export half an attention layer', () => {
  expect(() => toCheckpoint(parameters.filter(({ name }) => name !== 'h.0.attn.k.bias'))).toThrow(
    expect.objectContaining({ code: 'MissingTensor', path: 'h.0.attn.k.bias' }),
  )
})
