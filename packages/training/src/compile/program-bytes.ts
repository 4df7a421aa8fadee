/**
 * A program as the bytes that nodes fetch: canonical CBOR of the list of its Merkle leaves, each a byte string. SPEC:
 * docs/spec/program.md "Bytes". Decoding compiles nothing: every constant comes from the bytes, and what a stranger wrote
 * is either a program that this job's executor can run, or refused with the place.
 */
import {
  decodeCanonical,
  encodeCanonical,
  type HashFunction,
  type HashHex,
  hashToHex,
  InputError,
  IntegrityError,
  merkleRoot,
} from '@cairn/primitives'
import type { JobSpec } from '@cairn/protocol'
import type { Model } from '../models/model.ts'
import { countItems } from './count-items.ts'
import { decodeGraph, refused, refusing } from './decode-graph.ts'
import { graphBorders, inputCount } from './graph-borders.ts'
import { type GraphName, graphNames, type JobProgram, programLeaves } from './program.ts'
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
  /** Root that the program must have; without it the caller compares. */
  readonly programRoot?: HashHex
}

/** Encodes a program. Throws `InputError` (`ProgramTooLarge`) where no node would take it. */
export function encodeProgram({ graphs }: Pick<JobProgram, 'graphs'>): Uint8Array {
  const bytes = encodeCanonical(programLeaves(graphs))
  if (bytes.length <= MAX_BYTES) return bytes
  throw new InputError('ProgramTooLarge', 'The compiled program is too large to be sent.', {
    path: 'schedule',
    expected: `at most ${MAX_BYTES} bytes`,
    found: `${bytes.length} bytes; 32 of them are spent on the learning rates of every inner step`,
    fix: 'Train in several jobs of fewer steps, each from the weights of the one before.',
  })
}

function readLeaves(bytes: Uint8Array): Uint8Array[] {
  const tooMany = bytes.length > MAX_BYTES || countItems(bytes) > MAX_OPERATORS
  if (tooMany) throw refused('the program', `at most ${MAX_BYTES} bytes and ${MAX_OPERATORS} operators`, 'more')
  const leaves = decodeCanonical(bytes)
  const isList = Array.isArray(leaves) && leaves.every(leaf => leaf instanceof Uint8Array)
  if (!isList) throw refused('the program', 'a list of byte strings', 'another form')
  if (leaves.reduce((n, leaf) => n + countItems(leaf), 0) > MAX_ITEMS)
    throw refused('the program', `at most ${MAX_ITEMS} items in its operators`, 'more')
  return leaves
}

/** Reads how many operators a graph has from its first leaf, which `decodeGraph` compares as a whole. */
function operatorCount(name: GraphName, head: Uint8Array | undefined): number {
  const fields = head === undefined ? undefined : decodeCanonical(head)
  const count = Array.isArray(fields) ? fields[2] : undefined
  if (typeof count === 'number' && count >= 0) return count
  throw refused(name, 'a leaf that begins the graph', head === undefined ? 'the end of the program' : 'another leaf')
}

/** Cuts the leaves of a program into those of its graphs, in their order. */
function cutLeaves(leaves: readonly Uint8Array[]): Uint8Array[][] {
  let at = 0
  const parts = graphNames.map(name => {
    const from = at
    at += 1 + operatorCount(name, leaves[from])
    if (at > leaves.length) throw refused(name, `${at - from - 1} operators`, `${leaves.length - from - 1}`)
    return leaves.slice(from, at)
  })
  if (at !== leaves.length) throw refused('the program', `${at} leaves`, `${leaves.length}`)
  return parts
}

function decodeGraphs(leaves: readonly Uint8Array[], spec: JobSpec, model: Model): JobProgram['graphs'] {
  if (inputCount(spec, model) > MAX_OPERATORS) throw refused('the program', 'a model and replicas that fit', 'more')
  const borders = graphBorders(spec, model)
  const parts = cutLeaves(leaves)
  const graphs = graphNames.map((name, i) => [name, decodeGraph(name, parts[i] as Uint8Array[], borders[name])])
  return Object.fromEntries(graphs) as JobProgram['graphs']
}

/**
 * Decodes a program and checks that this job's executor can run it.
 * Throws `IntegrityError`: `program.refused` with the place, or `program.root` when it is not the one asked for.
 */
export function decodeProgram(bytes: Uint8Array, purpose: ProgramPurpose, hash: HashFunction): JobProgram {
  const { spec, vocabulary, programRoot: expected } = purpose
  const leaves = refusing('the program', () => readLeaves(bytes))
  const programRoot = hashToHex(merkleRoot(hash, leaves))
  if (expected !== undefined && programRoot !== expected) throw otherProgram(expected, programRoot)
  const model = refusing('the program', () => modelOf(spec, vocabulary))
  return { spec, model, graphs: refusing('the program', () => decodeGraphs(leaves, spec, model)), programRoot }
}

const otherProgram = (expected: HashHex, found: HashHex): IntegrityError =>
  new IntegrityError('program.root', 'This is not the program that the job names.', {
    path: 'programRoot',
    expected,
    found,
    fix: 'Fetch the program again, from another peer.',
  })
