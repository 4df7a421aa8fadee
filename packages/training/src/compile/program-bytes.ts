/**
 * A program as the bytes that nodes fetch: canonical CBOR of its Merkle leaves and the values of its constants. SPEC:
 * docs/spec/program.md "Bytes". Decoding compiles nothing: every constant comes from the bytes, and what a stranger wrote
 * is either a program that this job's executor can run, or refused with the place.
 */
import type { Node } from '@cairn/engine'
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  equal,
  type HashFunction,
  type HashHex,
  hashToHex,
  InputError,
  IntegrityError,
  merkleRoot,
} from '@cairn/primitives'
import type { JobSpec } from '@cairn/protocol'
import { countItems } from './count-items.ts'
import { decodeGraph, refused, refusing } from './decode-graph.ts'
import { graphBorders, inputCount } from './graph-borders.ts'
import { type GraphName, graphNames, perGraph } from './graph-names.ts'
import { targetSlots } from './graph-sources.ts'
import { type JobProgram, programOf } from './program.ts'
import { leafParts, placesOf } from './program-leaves.ts'
import { modelOf } from './settings.ts'

/** Largest program, and most operators and CBOR items in one. They bound what decoding may take, in memory and time. */
const MAX_BYTES = 2 ** 27
const MAX_OPERATORS = 2 ** 18
const MAX_ITEMS = 2 ** 22

/** What a program is decoded for. */
export interface ProgramPurpose {
  readonly spec: JobSpec
  /** The tokeniser's size; ignored by classifiers. */
  readonly vocabulary: number
  /** Tokens, or images, of the job's data. */
  readonly data: { readonly tokens: number }
  /** Root that the program must have; without it the caller compares. */
  readonly programRoot?: HashHex
}

/** Lists the values of all constants, in the order of their operators, as little-endian words. */
const constantsOf = (graphs: JobProgram['graphs']): Uint8Array[] =>
  graphNames.flatMap(name => graphs[name].nodes.flatMap(node => (node.operator === 'constant' ? [wordsOf(node)] : [])))

function wordsOf({ attributes }: Node): Uint8Array {
  const { values } = attributes as { readonly values: readonly number[] }
  return new Uint8Array(Int32Array.from(values, word => word | 0).buffer)
}

/** Encodes a program. Throws `InputError` (`ProgramTooLarge`) where no node would take it. */
export function encodeProgram({ leaves, graphs }: Pick<JobProgram, 'leaves' | 'graphs'>): Uint8Array {
  const bytes = encodeCanonical([leaves, constantsOf(graphs)])
  if (bytes.length <= MAX_BYTES) return bytes
  throw new InputError('ProgramTooLarge', 'The compiled program is too large to be sent.', {
    path: 'schedule',
    expected: `at most ${MAX_BYTES} bytes`,
    found: `${bytes.length} bytes; 32 of them are spent on the learning rates of every inner step`,
    fix: 'Train in several jobs of fewer steps, each from the weights of the one before.',
  })
}

interface Parts {
  readonly leaves: readonly Uint8Array[]
  readonly constants: readonly Uint8Array[]
}

const isBytesList = (value: unknown): value is Uint8Array[] =>
  Array.isArray(value) && value.every(each => each instanceof Uint8Array)

function readParts(bytes: Uint8Array): Parts {
  const tooMany = bytes.length > MAX_BYTES || countItems(bytes) > MAX_OPERATORS
  if (tooMany) throw refused('the program', `at most ${MAX_BYTES} bytes and ${MAX_OPERATORS} operators`, 'more')
  const [leaves, constants, ...more] = decodeCanonical(bytes) as CanonicalValue[]
  if (!isBytesList(leaves) || !isBytesList(constants) || more.length > 0)
    throw refused('the program', 'two lists of byte strings', 'another form')
  return { leaves, constants }
}

function readDescribed(leaves: readonly Uint8Array[]): Uint8Array[] {
  const described = leaves.map(leaf => leafParts(leaf).described)
  if (described.reduce((n, part) => n + countItems(part), 0) > MAX_ITEMS)
    throw refused('the program', `at most ${MAX_ITEMS} items in its operators`, 'more')
  return described
}

/** Reads how many operators a graph has from its first leaf, which `decodeGraph` compares as a whole. */
function operatorCount(name: GraphName, head: Uint8Array | undefined): number {
  const fields = head === undefined ? undefined : decodeCanonical(head)
  const count = Array.isArray(fields) ? fields[2] : undefined
  if (typeof count === 'number' && count >= 0) return count
  throw refused(name, 'a leaf that begins the graph', head === undefined ? 'the end of the program' : 'another leaf')
}

/** Finds where graphs stand among so many leaves. */
function findPlaces(described: readonly Uint8Array[], job: Pick<JobProgram, 'spec' | 'model'>): JobProgram['places'] {
  let at = 1
  const counts = perGraph(name => {
    const slots = targetSlots(job, name).map(target => target.length)
    const operators = operatorCount(name, described[at])
    at += 1 + operators + slots.reduce((sum, count) => sum + count, 0)
    if (at > described.length) throw refused(name, `${operators} operators and its slots`, 'the end of the program')
    return { operators, slots }
  })
  if (at !== described.length) throw refused('the program', `${at} leaves`, `${described.length}`)
  return placesOf(counts)
}

function decodeGraphs({ leaves, constants }: Parts, { spec, model }: Pick<JobProgram, 'spec' | 'model'>) {
  if (inputCount(spec, model) > MAX_OPERATORS) throw refused('the program', 'a model and replicas that fit', 'more')
  const borders = graphBorders(spec, model)
  const described = readDescribed(leaves)
  const places = findPlaces(described, { spec, model })
  const left = [...constants].reverse()
  const graphs = perGraph(name => {
    const { head, operators } = places[name]
    return decodeGraph(name, described.slice(head, head + 1 + operators), borders[name], () => left.pop())
  })
  if (left.length > 0) throw refused('the program', 'values of its constants', `${left.length} more`)
  return graphs
}

/** Names a leaf: an operator by its graph and number, as everywhere. */
function placeOf(places: JobProgram['places'], leaf: number): string {
  const name = graphNames.findLast(each => places[each].head <= leaf)
  if (name === undefined) return 'the contents'
  const { firstOperator, operators } = places[name]
  if (leaf < firstOperator) return name
  const number = leaf - firstOperator
  return number < operators ? `${name}[${number}]` : `${name} slot ${number - operators}`
}

/** Compares leaves with those that the graphs make: the judged parts, for `decodeGraph` has compared the others. */
function assertLeaves({ leaves, places }: JobProgram, found: readonly Uint8Array[]): void {
  const differs = leaves.findIndex((leaf, i) => !equal(leaf, found[i] ?? new Uint8Array()))
  if (differs >= 0) throw refused(placeOf(places, differs), 'judged bytes that follow from the program', 'others')
}

/**
 * Decodes a program and checks that this job's executor can run it and a contract can judge it.
 * Throws `IntegrityError`: `program.refused` with the place, or `program.root` when it is not the one asked for.
 */
export function decodeProgram(bytes: Uint8Array, purpose: ProgramPurpose, hash: HashFunction): JobProgram {
  const { spec, vocabulary, data, programRoot: expected } = purpose
  const parts = refusing('the program', () => readParts(bytes))
  const programRoot = hashToHex(merkleRoot(hash, parts.leaves))
  if (expected !== undefined && programRoot !== expected) throw otherProgram(expected, programRoot)
  const model = refusing('the program', () => modelOf(spec, vocabulary))
  const facts = { vocabulary, tokens: data.tokens }
  const graphs = refusing('the program', () => decodeGraphs(parts, { spec, model }))
  const program = refusing('the program', () => programOf({ spec, model, facts, graphs }, hash))
  assertLeaves(program, parts.leaves)
  return program
}

const otherProgram = (expected: HashHex, found: HashHex): IntegrityError =>
  new IntegrityError('program.root', 'This is not the program that the job names.', {
    path: 'programRoot',
    expected,
    found,
    fix: 'Fetch the program again, from another peer.',
  })
