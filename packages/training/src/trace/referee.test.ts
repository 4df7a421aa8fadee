/**
 * SPEC: docs/spec/referee.md. Every kind of proof about every class of operator in every graph: the honest trace cannot be
 * refuted, a trace with one wrong value can, and no change to a proof makes the referee throw.
 */
import { concat, type HashHex, hashFromHex, hashToHex, merkleRootOfHashes } from '@cairn/primitives'
import {
  type Charge,
  DIVERGED,
  type Disputed,
  NOTHING_SHOWN,
  type OperatorFacts,
  operatorLeafHash,
  type Proof,
  type Shown,
  type Subject,
  wayUp,
} from '@cairn/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leafParts } from '../compile/program-leaves.ts'
import { hash, type TinyJob, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { type TracedJob, traceJob, tracesOf } from '../testing/traced-job.ts'
import { readOperatorLeaf, readSlotLeaf } from './judged-leaf.ts'
import { leafHashOf } from './openings.ts'
import type { Traces } from './provider.ts'
import { createReferee } from './referee.ts'

const referee = createReferee(hash)

const jobs: Record<string, () => TinyJob> = {
  gpt: () => tinyJob({ dropout: 0.1 }),
  'llama, mx12, moments reset': () => tinyJob({ kind: 'llama', width: 'mx12', innerState: 'reset' }),
  mlp: () => tinyDigits(),
}

interface Made {
  readonly traced: TracedJob
  readonly traces: Traces
}
const made = new Map<string, Made>()

beforeAll(async () => {
  for (const [name, make] of Object.entries(jobs)) {
    const traced = await traceJob(make())
    made.set(name, { traced, traces: tracesOf(traced) })
  }
})
afterAll(async () => {
  for (const { traces } of made.values()) await traces.close()
})

const rootOf = (hashes: readonly HashHex[]) => hashToHex(merkleRootOfHashes(hash, hashes.map(hashFromHex)))
const frontier = (hashes: readonly HashHex[]) => new Map(hashes.map((each, i) => [`0/${i}`, each]))

/** One bit of a leaf. */
function withBit(leaf: Uint8Array, byte: number, bit = 0): Uint8Array {
  const changed = leaf.slice()
  changed[byte]! ^= 1 << bit
  return changed
}

/** What a defender showed on the way to an operator of a run: its own trace, or one with something else in it. */
interface Place {
  readonly subject: Subject
  readonly run: number
  readonly operator: number
  readonly facts: OperatorFacts
  readonly disputed: Disputed
  readonly shown: Shown
}

/** Comes to an operator whose tensor has this root, in a trace that is honest otherwise. */
async function placeAt(traces: Traces, subject: Subject, run: number, operator: number, root: HashHex): Promise<Place> {
  const ends = await traces.endRoots(subject)
  const own = await traces.leafHashes(subject, { tree: 'operators', run })
  const shown = own.with(operator, operatorLeafHash(hash, root))
  const previous = run === 0 ? subject.previous : ends[run - 1]
  const facts = referee.operator(subject, operator, await traces.operatorLeaf(subject, operator))!
  return {
    subject,
    run,
    operator,
    facts,
    disputed: {
      run,
      ...(previous === undefined ? {} : { previous }),
      end: ends[run]!,
      target: 0,
      operatorTree: rootOf(shown),
      operator,
      leaf: 0,
      tensorRoot: root,
      element: 0,
      isFlagged: false,
    },
    shown: { ...NOTHING_SHOWN, operators: frontier(shown) },
  }
}

/** Comes to a leaf of the operator's tensor, as it is or changed. */
async function elementAt(
  traces: Traces,
  subject: Subject,
  run: number,
  operator: number,
  at: number,
  change: (leaf: Uint8Array) => Uint8Array,
): Promise<Place> {
  const tree = { tree: 'elements', run, operator } as const
  const own = await traces.leafHashes(subject, tree)
  const opening = await traces.operatorLeaf(subject, operator)
  const { perLeaf } = referee.operator(subject, operator, opening)!
  const leaf = Math.floor(at / perLeaf)
  const content = change(await traces.leaf(subject, tree, leaf))
  const hashes = own.with(leaf, leafHashOf(hash, content))
  const place = await placeAt(traces, subject, run, operator, rootOf(hashes))
  return {
    ...place,
    disputed: { ...place.disputed, leaf, leafHash: leafHashOf(hash, content) },
    shown: { ...place.shown, elements: frontier(hashes), elementLeaf: content },
  }
}

/** Comes to a leaf of the partial results of an element. */
async function partialAt(
  traces: Traces,
  place: Place,
  element: number,
  at: number,
  change: (leaf: Uint8Array) => Uint8Array,
): Promise<Place> {
  const { subject, run, operator, facts } = place
  const tree = { tree: 'partials', run, operator, element } as const
  const own = await traces.leafHashes(subject, tree)
  const leaf = Math.floor(at / facts.partialsPerLeaf)
  const content = change(await traces.leaf(subject, tree, leaf))
  const hashes = own.with(leaf, leafHashOf(hash, content))
  return {
    ...place,
    disputed: { ...place.disputed, element, leaf, leafHash: leafHashOf(hash, content), partialRoot: rootOf(hashes) },
    shown: { ...place.shown, partials: frontier(hashes), partialLeaf: content },
  }
}

const honest = (leaf: Uint8Array) => leaf

async function proofAt(
  traces: Traces,
  { subject, run, operator, shown }: Place,
  charge: Partial<Charge>,
): Promise<Proof> {
  return traces.prove(subject, { kind: 'element', at: 0, run, operator, shown, ...charge })
}

/** All ways to spoil a proof a little. */
function* mutations(proof: Proof): Generator<Proof> {
  const bytes = (b: Uint8Array) => [withBit(b.length > 0 ? b : new Uint8Array(1), 0), b.slice(0, -1), new Uint8Array()]
  const hex = 'f'.repeat(64) as HashHex
  const paths = (path: readonly HashHex[]) => [path.slice(1), [...path, hex], path.map(() => hex), ['zz' as HashHex]]
  const openings = <T extends { index: number; content: Uint8Array; path: readonly HashHex[] }>(o: T): T[] => [
    ...[o.index + 1, -1, 0.5, Number.NaN].map(index => ({ ...o, index })),
    ...bytes(o.content).map(content => ({ ...o, content })),
    ...paths(o.path).map(path => ({ ...o, path })),
  ]
  const roots = (o: { root: HashHex; path: readonly HashHex[] }) => [
    { ...o, root: hex },
    { ...o, root: 'no hex' as HashHex },
    ...paths(o.path).map(path => ({ ...o, path })),
  ]
  for (const at of [proof.at + 1, -1, 0.5, 2 ** 40, Number.NaN]) yield { ...proof, at }
  for (const code of bytes(proof.code)) yield { ...proof, code }
  if (proof.program) for (const program of openings(proof.program)) yield { ...proof, program }
  if (proof.claimed) for (const claimed of openings(proof.claimed)) yield { ...proof, claimed }
  if (proof.source) for (const source of roots(proof.source)) yield { ...proof, source }
  const { program: _p, ...noProgram } = proof
  yield noProgram
  const { claimed: _c, ...noClaimed } = proof
  yield noClaimed
  const { source: _s, ...noSource } = proof
  yield noSource
  for (const [i, operand] of proof.operands.entries()) {
    for (const leaf of openings(operand.leaf))
      yield { ...proof, operands: proof.operands.with(i, { ...operand, leaf }) }
    if (operand.tensor)
      for (const tensor of roots(operand.tensor))
        yield { ...proof, operands: proof.operands.with(i, { ...operand, tensor }) }
    yield { ...proof, operands: proof.operands.with(i, { ...operand, input: operand.input + 1 }) }
    yield { ...proof, operands: proof.operands.toSpliced(i, 1) }
  }
  for (const [i, partial] of proof.partials.entries()) {
    for (const leaf of openings(partial)) yield { ...proof, partials: proof.partials.with(i, leaf) }
    yield { ...proof, partials: proof.partials.toSpliced(i, 1) }
  }
  for (const kind of ['root', 'element', 'index', 'partial', 'value', 'slot', 'flag'] as const)
    if (kind !== proof.kind) yield { ...proof, kind }
}

/** Proofs that were changed in every way: one of each kind for each class of operator and graph. */
const spoilt = new Set<string>()

/** A proof that shows something does so here, and never against an honest trace, whatever is changed in it. */
function expectJudged(subject: Subject, wrong: Disputed, right: Disputed, proof: Proof): void {
  expect(referee.judge(subject, wrong, proof)).toBe(true)
  expect(referee.judge(subject, right, proof)).toBe(false)
  const sort = `${proof.kind} ${subject.graph} ${proof.program && leafParts(proof.program.content).judged.slice(0, 2)}`
  if (spoilt.has(sort)) return
  spoilt.add(sort)
  for (const mutation of mutations(proof)) {
    expect(typeof referee.judge(subject, wrong, mutation)).toBe('boolean')
    expect(referee.judge(subject, right, mutation)).toBe(false)
  }
}

/** The last operator of every class, number of inputs and kind of source. */
function chosen({ traced }: Made, subject: Subject): number[] {
  const seen = new Map<string, number>()
  for (let id = 0; id < subject.operators; id++) {
    const { operator, sources } = readOperatorLeaf(traced.job.program.leaves[subject.firstOperator + id]!)
    const from = sources?.map(source => (source.from === 'state' ? source.state : source.from)).join() ?? ''
    seen.set(`${operator.class} ${operator.inputs.length} ${from}`, id)
  }
  return [...seen.values()]
}

test.each(Object.keys(jobs))('%s: one wrong value of any operator is shown', async name => {
  const one = made.get(name)!
  const { traced, traces } = one
  const classes = new Set<string>()
  const { first: _, ...subjects } = traced.subjects
  for (const subject of Object.values(subjects)) {
    const run = subject.runs - 1
    for (const operator of chosen(one, subject)) {
      const opening = await traces.operatorLeaf(subject, operator)
      const facts = referee.operator(subject, operator, opening)!
      classes.add(readOperatorLeaf(opening.content).operator.class)
      const at = facts.elements - 1 - (facts.elements > 3 ? 2 : 0)
      const byte = (at % facts.perLeaf) * facts.elementBytes
      const right = await elementAt(traces, subject, run, operator, at, honest)
      const wrong = await elementAt(traces, subject, run, operator, at, leaf => withBit(leaf, byte))
      if (facts.isCopy) {
        const proof = await proofAt(traces, wrong, { kind: 'root' })
        expectJudged(subject, wrong.disputed, right.disputed, proof)
        continue
      }
      if (facts.partials === 0) {
        const proof = await proofAt(traces, wrong, { kind: 'element', at })
        expect(proof.operands.length).toBeLessThanOrEqual(4)
        expectJudged(subject, wrong.disputed, right.disputed, proof)
        continue
      }
      const last = facts.partials - 1
      const valueWrong = await partialAt(traces, wrong, at, last, honest)
      const valueRight = await partialAt(traces, right, at, last, honest)
      const value = await proofAt(traces, valueWrong, { kind: 'value', at: last, element: at })
      expectJudged(subject, valueWrong.disputed, valueRight.disputed, value)
      for (const q of new Set([0, Math.floor(last / 2), last])) {
        const spot = (q % facts.partialsPerLeaf) * facts.partialBytes
        const partialWrong = await partialAt(traces, right, at, q, leaf => withBit(leaf, spot))
        const partialRight = await partialAt(traces, right, at, q, honest)
        const proof = await proofAt(traces, partialWrong, { kind: 'partial', at: q, element: at })
        expectJudged(subject, partialWrong.disputed, partialRight.disputed, proof)
      }
    }
  }
  expect(classes.size).toBeGreaterThanOrEqual(name === 'mlp' ? 9 : 10)
})

test('a leaf of another length is wrong, even where all that is asked for stands in it', async () => {
  const { traced, traces } = made.get('gpt')!
  const subject = traced.subjects.second
  const { nodes } = traced.job.program.graphs.inner
  const others = [(leaf: Uint8Array) => concat(leaf, new Uint8Array(4)), (leaf: Uint8Array) => leaf.slice(0, -1)]
  for (const name of ['adamw', 'quantise', 'contract', 'sum'] as const) {
    const operator = nodes.findLastIndex(node => node.operator === name)
    const right = await elementAt(traces, subject, 1, operator, 0, honest)
    const { elements, perLeaf, partials, partialsPerLeaf } = right.facts
    const at = Math.min(elements, perLeaf) - 1
    for (const change of others) {
      const wrong = await elementAt(traces, subject, 1, operator, at, change)
      if (partials === 0) {
        const proof = await proofAt(traces, wrong, { kind: 'element', at })
        expect(referee.judge(subject, wrong.disputed, proof)).toBe(true)
        continue
      }
      const last = Math.min(partials, partialsPerLeaf) - 1
      const partial = await partialAt(traces, right, at, last, change)
      const proof = await proofAt(traces, partial, { kind: 'partial', at: last, element: at })
      expect(referee.judge(subject, partial.disputed, proof)).toBe(true)
      const value = await partialAt(traces, wrong, at, partials - 1, honest)
      const charge = { kind: 'value', at: partials - 1, element: at } as const
      expect(referee.judge(subject, value.disputed, await proofAt(traces, value, charge))).toBe(true)
    }
  }
})

test('flags are of whole operators, in order, and say what the end says', async () => {
  const { traced, traces } = made.get('mlp')!
  const subject = traced.subjects.second
  const { disputed } = await placeAt(traces, subject, 1, 3, 'd'.repeat(64) as HashHex)
  const own = await traces.leafHashes(subject, { tree: 'operators', run: 1 })
  const flag = operatorLeafHash(hash, undefined)
  const last = subject.operators - 1
  const judged = (
    hashes: readonly HashHex[],
    change: Partial<Disputed>,
    index: number,
    content: Uint8Array = Uint8Array.of(1),
    against: Disputed = disputed,
  ) => {
    const claimed = { index, content, path: wayUp(hash, hashes, new Map(), index) }
    const proof = { kind: 'flag', code: new Uint8Array(), at: index, claimed, operands: [], partials: [] } as const
    return referee.judge(subject, { ...against, operatorTree: rootOf(hashes), ...change }, proof)
  }
  const { tensorRoot: _, ...unknown } = disputed
  const before = own.with(2, flag)
  expect(judged(before, {}, 2)).toBe(true)
  expect(judged(before, { operator: 4 }, 2)).toBe(false)
  expect(judged(before, {}, 2, undefined, unknown)).toBe(false)
  expect(judged(before, { isFlagged: true }, 2)).toBe(true)
  expect(judged(before, { isFlagged: true, partialRoot: own[0]! }, 2)).toBe(false)
  expect(judged(own.with(last, flag), {}, last)).toBe(true)
  expect(judged(own.with(last, flag), { end: DIVERGED }, last)).toBe(false)
  expect(judged(own.with(last, flag), { isFlagged: true }, last)).toBe(false)
  const clean = await traces.leaf(subject, { tree: 'operators', run: 1 }, last)
  expect(judged(own, { end: DIVERGED }, last, clean)).toBe(true)
  expect(judged(own, {}, last, clean)).toBe(false)
  expect(judged(own, {}, 2, await traces.leaf(subject, { tree: 'operators', run: 1 }, 2))).toBe(false)
})

test.each(Object.keys(jobs))('%s: a wrong slot of any end is shown', async name => {
  const { traced, traces } = made.get(name)!
  const sources = new Set<string>()
  for (const subject of Object.values(traced.subjects)) {
    const run = subject.runs - 1
    const [ends, operators] = [
      await traces.endRoots(subject),
      await traces.leafHashes(subject, { tree: 'operators', run }),
    ]
    for (const [target, { slots, firstSlot }] of subject.targets.entries()) {
      const own = await traces.leafHashes(subject, { tree: 'slots', run, target })
      const bySource = new Map<string, number>()
      for (let at = 0; at < slots; at++) {
        const { source } = readSlotLeaf(traced.job.program.leaves[firstSlot + at]!)
        bySource.set(source.from === 'state' ? source.state : source.from, at)
      }
      for (const [source, at] of bySource) {
        sources.add(source)
        const shown = { ...NOTHING_SHOWN, operators: frontier(operators) }
        const proof = await traces.prove(subject, { kind: 'slot', run, target, at, shown })
        const previous = run === 0 ? subject.previous : ends[run - 1]
        const disputedWith = (leafHash: HashHex): Disputed => ({
          ...{ run, end: ends[run]!, target, operatorTree: rootOf(operators), operator: 0, leaf: 0, element: 0 },
          ...(previous === undefined ? {} : { previous }),
          ...{ leafHash, isFlagged: false },
        })
        const leaf = await traces.leaf(subject, { tree: 'slots', run, target }, at)
        for (const byte of [1, leaf.length - 1])
          expectJudged(subject, disputedWith(leafHashOf(hash, withBit(leaf, byte))), disputedWith(own[at]!), proof)
      }
    }
  }
  expect([...sources].sort()).toEqual(['constant', 'operator', 'position', 'previous'])
})

test('an index that is out of range is a charge, and a witness of who says so', async () => {
  const { traced, traces } = made.get('gpt')!
  const subject = traced.subjects.second
  const nodes = traced.job.program.graphs.inner.nodes
  const operator = nodes.findIndex(node => node.operator === 'scatterAdd')
  const input = nodes[operator]!.inputs[1]!
  const at = 5
  // Both sides agree on indices of which one names a row that is not there.
  const leaf = (await traces.leaf(subject, { tree: 'elements', run: 0, operator: input }, 0)).slice()
  const own = await traces.leafHashes(subject, { tree: 'operators', run: 0 })
  const honestLeaf = leaf.slice()
  const judged = async (content: Uint8Array, isFlagged: boolean) => {
    const root = leafHashOf(hash, content)
    const place = await placeAt(traces, subject, 0, operator, (isFlagged ? 'e' : 'd').repeat(64) as HashHex)
    const shown = own.with(operator, operatorLeafHash(hash, undefined)).with(input, operatorLeafHash(hash, root))
    const path = wayUp(hash, shown, new Map(), input)
    const { tensorRoot: _, ...rest } = place.disputed
    const disputed = { ...(isFlagged ? rest : place.disputed), operatorTree: rootOf(shown), isFlagged }
    const operands = [{ input: 1, tensor: { root, path }, leaf: { index: 0, content, path: [] } }]
    const program = await traces.operatorLeaf(subject, operator)
    return referee.judge(subject, disputed, {
      kind: 'index',
      program,
      code: new Uint8Array(),
      at,
      operands,
      partials: [],
    })
  }
  const rows = nodes[operator]!.shape[0]!
  for (const [index, isOut] of [
    [rows, true],
    [-1, true],
    [rows - 1, false],
  ] as const) {
    new DataView(leaf.buffer).setInt32(4 * at, index, true)
    for (const isFlagged of [true, false]) expect(await judged(leaf, isFlagged)).toBe(isOut)
  }
  expect(await judged(honestLeaf, false)).toBe(false)
})

test('what the program says of an operator is read from its own leaf only', async () => {
  const { traced, traces } = made.get('mlp')!
  const subject = traced.subjects.first
  const opening = await traces.operatorLeaf(subject, 7)
  expect(referee.operator(subject, 7, opening)).toBeDefined()
  expect(referee.operator(subject, 8, opening)).toBeUndefined()
  expect(referee.operator({ ...subject, operators: 7 }, 7, opening)).toBeUndefined()
  expect(referee.operator({ ...subject, programLeaves: 7 }, 7, opening)).toBeUndefined()
  const slot = { ...subject, firstOperator: subject.targets[0]!.firstSlot }
  expect(referee.operator(slot, 0, await traces.operatorLeaf(slot, 0))).toBeUndefined()
  for (const content of [new Uint8Array(), withBit(opening.content, 4)])
    expect(referee.operator(subject, 7, { ...opening, content })).toBeUndefined()
})

test('a proof opens four leaves at most, and loads that are left out need none', async () => {
  const { traced, traces } = made.get('gpt')!
  const subject = traced.subjects.second
  const { nodes } = traced.job.program.graphs.inner
  const flip = (leaf: Uint8Array) => withBit(leaf, 0)
  const wrongAt = async (name: string) => {
    const operator = nodes.findLastIndex(node => node.operator === name)
    const place = await elementAt(traces, subject, 0, operator, 0, flip)
    return { place, proof: await proofAt(traces, place, { kind: 'element', at: 0 }) }
  }
  const adamw = await wrongAt('adamw')
  expect(adamw.proof.operands).toHaveLength(4)
  const more = [...adamw.proof.operands, adamw.proof.operands[0]!]
  expect(referee.judge(subject, adamw.place.disputed, adamw.proof)).toBe(true)
  expect(referee.judge(subject, adamw.place.disputed, { ...adamw.proof, operands: more })).toBe(false)
  const stack = await wrongAt('stack')
  expect(nodes[stack.place.operator]!.inputs.length).toBeGreaterThan(20)
  expect(stack.proof.operands).toHaveLength(1)
  expect(referee.judge(subject, stack.place.disputed, stack.proof)).toBe(true)
  expect(referee.judge(subject, stack.place.disputed, { ...stack.proof, operands: [] })).toBe(false)
})
