/**
 * The way between the parameters of our graphs and checkpoints that other tools read. Llama's and the MLP's names are the
 * same on both sides. GPT-2 checkpoints (Conv1D: weights are [in, out]) keep query, key and value of a layer side by side
 * in one tensor: `h.0.attn.c_attn.weight` [D, 3D] holds our `h.0.attn.q.weight`, `.k.weight` and `.v.weight` [D, D].
 */
import { InputError } from '@cairn/primitives'
import { joinColumns, splitColumns } from './columns.ts'
import { toDomain } from './domain.ts'
import { sameShape, showShape, type WeightTensor } from './tensor.ts'

/** Shapes by parameter name, as the compiled model has them. */
export type ExpectedShapes = Readonly<Record<string, readonly number[]>>

const GPT2_PART = /^(h\.\d+\.attn)\.([qkv])\.(weight|bias)$/
const HEAD = 'lm_head.weight'
const EMBEDDINGS = ['wte.weight', 'model.embed_tokens.weight']

/** Constants that some checkpoints store beside the weights: causal masks (GPT-2) and rotary frequencies (Llama). */
const BUFFER = /^(h\.\d+\.attn\.(bias|masked_bias)|model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq)$/

/** Tells whether a checkpoint's tensor is a constant and no weight; give it to `readSafetensors` as `ignore`. */
export const isCheckpointBuffer = (name: string): boolean => BUFFER.test(withoutPrefix(name))

/** Renames parameters for a checkpoint, joining GPT-2's query, key and value. Throws `InputError` (`MissingTensor`). */
export function toCheckpoint(tensors: readonly WeightTensor[]): WeightTensor[] {
  const byName = new Map(tensors.map(tensor => [tensor.name, tensor]))
  return tensors.flatMap(tensor => {
    const part = GPT2_PART.exec(tensor.name)
    if (!part) return [tensor]
    const [, attention, letter, kind] = part
    if (letter !== 'q') return []
    const parts = ['q', 'k', 'v'].map(each => find(byName, `${attention}.${each}.${kind}`, tensor.shape))
    return [joinColumns(`${attention}.c_attn.${kind}`, parts)]
  })
}

/**
 * Turns a checkpoint's tensors into parameters, in the order of `expected`; values leave with cn1's domain. Accepts the
 * prefix `transformer.`, leaves out buffers, and takes a head that only repeats tied embeddings.
 * Throws `InputError` (`MissingTensor`, `UnknownTensor`, `RepeatedTensor`, `WrongShape`, `OutOfDomain`).
 */
export function fromCheckpoint(tensors: readonly WeightTensor[], expected: ExpectedShapes): WeightTensor[] {
  const found = splitAttention(index(tensors), expected)
  dropTiedHead(found, expected)
  const parameters = Object.entries(expected).map(([name, shape]) => toDomain(find(found, name, shape)))
  const unknown = [...found.keys()].find(name => !Object.hasOwn(expected, name))
  if (unknown !== undefined) throw unknownTensor(found.get(unknown)!)
  return parameters
}

const withoutPrefix = (name: string): string => name.replace(/^transformer\./, '')

function index(tensors: readonly WeightTensor[]): Map<string, WeightTensor> {
  const byName = new Map<string, WeightTensor>()
  for (const tensor of tensors) {
    const name = withoutPrefix(tensor.name)
    if (isCheckpointBuffer(name)) continue
    if (byName.has(name)) throw repeatedTensor(name)
    byName.set(name, { ...tensor, name })
  }
  return byName
}

/** Cuts each joined tensor for which the model has parts, at the widths that the model expects. */
function splitAttention(
  tensors: ReadonlyMap<string, WeightTensor>,
  expected: ExpectedShapes,
): Map<string, WeightTensor> {
  const result = new Map(tensors)
  for (const name of Object.keys(expected)) {
    const [, attention, letter, kind] = GPT2_PART.exec(name) ?? []
    const joined = tensors.get(`${attention}.c_attn.${kind}`)
    if (letter !== 'q' || !joined) continue
    result.delete(joined.name)
    for (const part of cut(
      joined,
      ['q', 'k', 'v'].map(each => `${attention}.${each}.${kind}`),
      expected,
    )) {
      if (result.has(part.name)) throw repeatedTensor(part.name)
      result.set(part.name, part)
    }
  }
  return result
}

function cut(joined: WeightTensor, names: readonly string[], expected: ExpectedShapes): WeightTensor[] {
  const shapes = names.map(name => expected[name] ?? [])
  const columns = shapes.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0)
  checkShape(joined, [...shapes[0]!.slice(0, -1), columns])
  return splitColumns(joined, names, shapes)
}

/** A tied model's checkpoint may hold its embeddings a second time, as the head. */
function dropTiedHead(found: Map<string, WeightTensor>, expected: ExpectedShapes): void {
  const head = found.get(HEAD)
  const embedding = EMBEDDINGS.map(name => found.get(name)).find(tensor => tensor !== undefined)
  if (!head || !embedding || Object.hasOwn(expected, HEAD)) return
  if (sameShape(head.shape, embedding.shape) && head.data.every((x, i) => x === embedding.data[i])) found.delete(HEAD)
}

function find(tensors: ReadonlyMap<string, WeightTensor>, name: string, shape: readonly number[]): WeightTensor {
  const tensor = tensors.get(name)
  if (!tensor) throw missingTensor(name, shape)
  checkShape(tensor, shape)
  return tensor
}

function checkShape({ name, shape }: WeightTensor, expected: readonly number[]): void {
  if (sameShape(shape, expected)) return
  throw new InputError('WrongShape', 'These weights have another shape than the model.', {
    path: name,
    expected: showShape(expected),
    found: showShape(shape),
    fix: 'Set the sizes of the model to those of the checkpoint, or use the checkpoint of this model.',
  })
}

const missingTensor = (path: string, shape: readonly number[]): InputError =>
  new InputError('MissingTensor', 'The weights lack a tensor of the model.', {
    path,
    expected: `a tensor of shape ${showShape(shape)}`,
    found: 'none of this name',
    fix: 'Check layers, biases and whether the head is tied: the model must be that of the checkpoint.',
  })

const unknownTensor = ({ name, shape }: WeightTensor): InputError =>
  new InputError('UnknownTensor', 'The weights hold a tensor that the model does not have.', {
    path: name,
    expected: 'only tensors of the model',
    found: `a tensor of shape ${showShape(shape)}`,
    fix: 'Check layers, biases and whether the head is tied: the model must be that of the checkpoint.',
  })

const repeatedTensor = (path: string): InputError =>
  new InputError('RepeatedTensor', 'The weights hold a tensor twice.', {
    path,
    expected: 'every tensor once',
    found: 'the same tensor under two names',
    fix: 'Export the checkpoint again in one layout.',
  })
