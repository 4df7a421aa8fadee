/** SPEC: docs/spec/program.md "Bytes". Programs from strangers: the honest ones run to the same bits, all others are refused. */
import { type Graph, wasm } from '@cairn/engine'
import { concat, decodeCanonical, encodeCanonical, philox4x32 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { createExecutor } from '../execute/executor.ts'
import { globalSlots, replicaSlots, rootOfState, zeroState } from '../execute/state.ts'
import { hash, type TinyJob, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { graphNames } from './graph-names.ts'
import { sized } from './packed.ts'
import { type JobProgram, programOf } from './program.ts'
import { decodeProgram, encodeProgram } from './program-bytes.ts'
import { describedGraph, leafParts } from './program-leaves.ts'

const jobs: Record<string, () => TinyJob> = {
  gpt: () => tinyJob(),
  'gpt with micro-batches and dropout': () => tinyJob({ microBatches: 2, dropout: 0.1 }),
  'gpt without kept moments, mx12': () => tinyJob({ innerState: 'reset', width: 'mx12' }),
  llama: () => tinyJob({ kind: 'llama' }),
  mlp: () => tinyDigits(),
}

const purposeOf = ({ spec, data }: TinyJob) => ({ spec, vocabulary: data.vocabulary, data: data.facts })

/** Initial weights, a unit, an outer step and an evaluation. */
async function roots(program: JobProgram, { data }: TinyJob): Promise<unknown> {
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash })
  const global = await executor.initialState()
  if (!global.ok) throw new Error('diverged')
  const replicaState = zeroState(replicaSlots(program.model, program.spec.outer.innerState))
  const unit = await executor.runUnit({ round: 0, replica: 1, global: global.value, replicaState })
  if (!unit?.ok) throw new Error('diverged')
  const { update, checkpointRoots, lossBits, replicaRoot } = unit.value
  const after = await executor.applyOuterStep(global.value, [update, update])
  if (!after.ok) throw new Error('diverged')
  const evaluation = await executor.evaluate(after.value)
  return [
    checkpointRoots,
    lossBits,
    replicaRoot,
    rootOfState(hash, globalSlots(program.model), after.value),
    evaluation,
  ]
}

test.each(Object.keys(jobs))('%s: the decoded program has the same root and executes to the same bits', async name => {
  const job = jobs[name]!()
  const decoded = decodeProgram(
    encodeProgram(job.program),
    { ...purposeOf(job), programRoot: job.program.programRoot },
    hash,
  )
  expect(decoded.programRoot).toBe(job.program.programRoot)
  expect(await roots(decoded, job)).toEqual(await roots(job.program, job))
})

test('every flipped bit is refused', () => {
  const job = tinyDigits()
  const bytes = encodeProgram(job.program)
  for (let i = 0; i < 150; i++) {
    const bit = Math.floor((philox4x32([i, 0, 0, 0], [5, 6])[0] / 2 ** 32) * bytes.length * 8)
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => decodeProgram(flipped, purposeOf(job), hash)).toThrow(
      expect.objectContaining({ name: 'IntegrityError', code: 'program.refused', path: expect.stringMatching(/./) }),
    )
  }
})

test('other constants are another program, not a broken one', () => {
  const job = tinyDigits()
  const inner = structuredClone(job.program.graphs.inner) as unknown as Draft
  find(inner, 'constant').attributes.values[0] ^= 1
  const other = programOf({ ...job.program, graphs: { ...job.program.graphs, inner } }, hash)
  expect(other.programRoot).not.toBe(job.program.programRoot)
  expect(decodeProgram(encodeProgram(other), purposeOf(job), hash).programRoot).toBe(other.programRoot)
})

test('a program other than the one asked for is refused before it is rebuilt', () => {
  const other = tinyJob({ learningRate: 0.0031 }).program
  const { program, ...job } = tinyJob()
  const purpose = { ...purposeOf({ ...job, program }), programRoot: program.programRoot }
  expect(() => decodeProgram(encodeProgram(other), purpose, hash)).toThrow(
    expect.objectContaining({ code: 'program.root', path: 'programRoot', found: other.programRoot }),
  )
})

/** Encodes the program of the digits with one graph described otherwise, as a forger would who leaves the rest. */
function forgedInner(change: (graph: Draft) => void): Uint8Array {
  const { program } = tinyDigits()
  const inner = structuredClone(program.graphs.inner) as unknown as Draft
  change(inner)
  const { head } = program.places.inner
  const leaves = [...program.leaves]
  describedGraph('inner', inner as unknown as Graph).forEach((described, i) => {
    leaves[head + i] = concat(sized(leafParts(leaves[head + i]!).judged), described)
  })
  return encodeProgram({ leaves, graphs: { ...program.graphs, inner: inner as unknown as Graph } })
}

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen graph
type Draft = any

const find = (graph: Draft, operator: string) => graph.nodes.find((node: Draft) => node.operator === operator)
const place = (operator: string) => {
  const { id } = find(tinyDigits().program.graphs.inner, operator)
  return `inner[${id}]`
}

test.each<[string, string, (graph: Draft) => void]>([
  ['an unknown operator', place('gelu'), g => (find(g, 'gelu').operator = 'sqrt')],
  ['an operator named as a property of objects', place('gelu'), g => (find(g, 'gelu').operator = 'constructor')],
  ['an attribute too many', place('gelu'), g => (find(g, 'gelu').attributes = { bits: 1 })],
  ['an attribute too few', place('scale'), g => (find(g, 'scale').attributes = {})],
  ['bits that are no word', place('scale'), g => (find(g, 'scale').attributes = { bits: 2 ** 32 })],
  ['bits outside the domain', place('scale'), g => (find(g, 'scale').attributes = { bits: 0x7f800000 })],
  ['an axis that is none', place('quantise'), g => (find(g, 'quantise').attributes.axis = 0)],
  ['a tensor without end', place('broadcast'), g => (find(g, 'broadcast').attributes.shape = [2 ** 30, 2 ** 30])],
  ['attributes of another form', place('gelu'), g => (find(g, 'gelu').attributes = [])],
  ['an input that is later', place('gelu'), g => (find(g, 'gelu').inputs = [find(g, 'gelu').id + 1])],
  ['an input that is itself', place('gelu'), g => (find(g, 'gelu').inputs = [find(g, 'gelu').id])],
  ['no input', place('gelu'), g => (find(g, 'gelu').inputs = [])],
  ['too many inputs', place('gelu'), g => (find(g, 'gelu').inputs = [0, 1])],
  ['another dtype', place('gelu'), g => (find(g, 'gelu').dtype = 'i32')],
  ['another shape', place('gelu'), g => (find(g, 'gelu').shape = [1, 1])],
  ['another number', place('gelu'), g => (find(g, 'gelu').id = 0)],
  ['a constant with too few values', place('constant'), g => find(g, 'constant').attributes.values.pop()],
  ['another name of an input', 'inner', g => (find(g, 'input').attributes.name = 'other')],
  ['an input that the model has in another shape', 'inner', g => (g.inputs.x = g.inputs.step)],
  ['an operator that no output needs', 'inner', g => delete g.outputs.loss],
  ['an output too many', 'inner', g => (g.outputs.more = 0)],
  ['an output that is not there', 'inner', g => (g.outputs.loss = 10_000)],
  ['a carry too few', 'inner', g => delete g.carries.unitLoss],
  ['a carry from elsewhere', 'inner', g => (g.carries.unitLoss = 'loss')],
])('refuses %s', (_, path, change) => {
  expect(() => decodeProgram(forgedInner(change), purposeOf(tinyDigits()), hash)).toThrow(
    expect.objectContaining({ name: 'IntegrityError', code: 'program.refused', path }),
  )
})

type Leaves = readonly Uint8Array[]

test.each<[string, (leaves: Leaves, constants: Leaves) => unknown]>([
  ['nothing', () => []],
  ['no constants', leaves => [leaves]],
  ['a constant too few', (leaves, constants) => [leaves, constants.slice(1)]],
  ['a constant too many', (leaves, constants) => [leaves, [...constants, new Uint8Array(4)]]],
  ['a graph too few', (leaves, constants) => [leaves.slice(0, -20), constants]],
  ['a slot too few', (leaves, constants) => [leaves.slice(0, -1), constants]],
  ['a graph too many', (leaves, constants) => [[...leaves, ...leaves], constants]],
  ['something else than leaves', () => [['x'], []]],
  ['a third list', (leaves, constants) => [leaves, constants, []]],
  ['an empty leaf', ([contents, , ...rest], constants) => [[contents, new Uint8Array(), ...rest], constants]],
  ['a map', () => ({})],
  [
    'a count that is none',
    ([contents, , ...rest], constants) => [
      [
        contents,
        concat(sized(new Uint8Array()), encodeCanonical(['cairn/graph/v2', 'initial', -1, {}, {}, {}])),
        ...rest,
      ],
      constants,
    ],
  ],
  [
    'a hundred thousand nested lists',
    () => [[concat(sized(new Uint8Array()), new Uint8Array(100_000).fill(0x81))], []],
  ],
  ['millions of empty maps', () => [[concat(sized(new Uint8Array()), new Uint8Array(5_000_000).fill(0xa0))], []]],
])('refuses %s in place of a program', (_, change) => {
  const job = tinyDigits()
  const [leaves, constants] = decodeCanonical(encodeProgram(job.program)) as [Leaves, Leaves]
  const bytes = encodeCanonical(change(leaves, constants))
  expect(() => decodeProgram(bytes, purposeOf(job), hash)).toThrow(
    expect.objectContaining({ name: 'IntegrityError', code: 'program.refused' }),
  )
})

/** Leaves whose judged part is changed: the contents, an operator of every class, slots with every kind of source. */
function judgedPlaces({ leaves, places }: JobProgram): [string, number][] {
  const operators = graphNames.flatMap(name => {
    const { firstOperator, operators } = places[name]
    return Array.from({ length: operators }, (_, i): [string, number] => [`${name}[${i}]`, firstOperator + i])
  })
  const classOf = (leaf: number) => leafParts(leaves[leaf]!).judged[1]
  const classes = Array.from({ length: 10 }, (_, code) => operators.find(([, leaf]) => classOf(leaf) === code)!)
  const slots = graphNames.flatMap(name =>
    places[name].targets.map(({ firstSlot }): [string, number] => {
      const { firstOperator, operators } = places[name]
      return [`${name} slot ${firstSlot - firstOperator - operators}`, firstSlot]
    }),
  )
  return [['the contents', 0], ...classes, ...slots, ['inner', places.inner.head]]
}

test('judged parts have to follow from the rest', () => {
  const job = tinyJob()
  const { leaves, graphs } = job.program
  const places = judgedPlaces(job.program)
  expect(places).toHaveLength(1 + 10 + 7 + 1)
  const forgeries: readonly ((judged: Uint8Array) => Uint8Array)[] = [
    judged => concat(judged, Uint8Array.of(0)),
    judged => judged.map((byte, at) => (at === judged.length - 1 ? byte ^ 1 : byte)),
    judged => judged.slice(0, -1),
  ]
  places.forEach(([path, index], i) => {
    const { judged, described } = leafParts(leaves[index]!)
    const forged = forgeries[judged.length === 0 ? 0 : i % forgeries.length]!(judged)
    const bytes = encodeProgram({ leaves: leaves.with(index, concat(sized(forged), described)), graphs })
    expect(() => decodeProgram(bytes, purposeOf(job), hash)).toThrow(
      expect.objectContaining({ name: 'IntegrityError', code: 'program.refused', path }),
    )
  })
})

test('other data makes another program', () => {
  const job = tinyJob()
  const purpose = { ...purposeOf(job), data: { tokens: job.data.facts.tokens + 1 } }
  expect(() => decodeProgram(encodeProgram(job.program), purpose, hash)).toThrow(
    expect.objectContaining({ code: 'program.refused', path: expect.stringMatching(/^inner\[/) }),
  )
  const tooShort = { ...purposeOf(job), data: { tokens: 40 } }
  expect(() => decodeProgram(encodeProgram(job.program), tooShort, hash)).toThrow(
    expect.objectContaining({ code: 'program.refused' }),
  )
})

test('bytes that are no canonical document are refused', () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0xff), new Uint8Array(1000).fill(0x9f)])
    expect(() => decodeProgram(bytes, purposeOf(tinyDigits()), hash)).toThrow(
      expect.objectContaining({ name: 'IntegrityError' }),
    )
})
