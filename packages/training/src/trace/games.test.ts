/** Whole games over real traces, by the rules and the players of `protocol`: who tells the truth wins, at a bounded cost. */
import {
  applyMove,
  bytesId,
  challenge,
  DIVERGED,
  defend,
  disputedIn,
  type Move,
  NOTHING_SHOWN,
  openPosition,
  operatorLeafHash,
  type Position,
  remember,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { globalSlots, rootOfState } from '../execute/state.ts'
import { tokenDataset } from '../job/blob-dataset.ts'
import { claimedBy, cleanTraces, type Lie, lyingTraces } from '../testing/lying-traces.ts'
import { hash, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { type TracedJob, traceJob, tracesOf } from '../testing/traced-job.ts'
import type { Traces } from './provider.ts'
import { createReferee } from './referee.ts'

const rules = { hash, referee: createReferee(hash) }
const MOST_MOVES = 40

interface Outcome {
  readonly winner: 'defender' | 'challenger'
  readonly by: string
  readonly moves: number
  readonly phase: Position['phase']
}

/** The values behind a proof that won are those that make it win. */
function expectFound(subject: Subject, position: Position, move: Move): void {
  if (move.move !== 'prove' && move.move !== 'witness') return
  const at = move.move === 'witness' ? { ...position, isFlagged: true } : position
  const { shows, claimed, computed, isMalformed, diverged } = rules.referee.find(
    subject,
    disputedIn(at, move.proof.at),
    move.proof,
  )
  expect(shows).toBe(true)
  if (!isMalformed && !diverged && move.proof.kind !== 'flag') expect(claimed).not.toEqual(computed)
}

/** Plays to the end. A move that is refused loses: nothing better comes before the clock has run out. */
async function play(subject: Subject, defender: TraceProvider, challenger: TraceProvider): Promise<Outcome> {
  let position = openPosition(subject)
  let shown = NOTHING_SHOWN
  for (let moves = 1; moves <= MOST_MOVES; moves++) {
    const side = position.toMove
    const move: Move =
      side === 'defender'
        ? await defend(rules, defender, subject, position)
        : await challenge(rules, challenger, subject, position, shown)
    const result = applyMove(rules, subject, position, move)
    const { phase } = position
    if (result.result === 'won') {
      expectFound(subject, position, move)
      return { winner: result.winner, by: result.by, moves, phase }
    }
    if (result.result === 'refused') {
      const winner = side === 'defender' ? 'challenger' : 'defender'
      return { winner, by: `silence: ${result.reason}`, moves, phase }
    }
    shown = remember(shown, position, move, result.position)
    position = result.position
  }
  throw new Error('the game does not end')
}

let gpt: TracedJob
let mlp: TracedJob
let own: Traces
let others: Traces
beforeAll(async () => {
  gpt = await traceJob(tinyJob({ innerSteps: 12 }))
  mlp = await traceJob(tinyDigits())
  own = tracesOf(gpt)
  others = tracesOf(gpt)
})
afterAll(async () => {
  await own.close()
  await others.close()
})

const operatorOf = ({ job }: TracedJob, subject: Subject, name: string) =>
  job.program.graphs[subject.graph].nodes.findLastIndex(node => node.operator === name)

type Case = [name: string, at: keyof TracedJob['subjects'], lie: (job: TracedJob, subject: Subject) => Lie]

const operatorLie =
  (name: string, run: number): Case[2] =>
  (job, subject) => ({ about: 'element', run, operator: operatorOf(job, subject, name), leaf: 0 })
const longer =
  (make: Case[2]): Case[2] =>
  (job, subject) =>
    ({ ...make(job, subject), isLonger: true }) as Lie
const partialLie =
  (name: string, run: number): Case[2] =>
  (job, subject) => ({ about: 'partial', run, operator: operatorOf(job, subject, name), element: 0 })

const cases: readonly Case[] = [
  ['an element of adamw in a middle step', 'second', operatorLie('adamw', 2)],
  [
    'an element of a batch',
    'second',
    (job, { graph }) => {
      const { x } = job.job.program.graphs[graph].inputs
      return { about: 'element', run: 1, operator: x!, leaf: 0 }
    },
  ],
  [
    'a step number',
    'first',
    (job, { graph }) => {
      const { step } = job.job.program.graphs[graph].inputs
      return { about: 'element', run: 3, operator: step!, leaf: 0 }
    },
  ],
  ['an input of the first step', 'first', operatorLie('input', 0)],
  ['an input of a later step', 'second', operatorLie('input', 1)],
  ['a constant', 'second', operatorLie('constant', 0)],
  ['a reshape', 'second', operatorLie('reshape', 0)],
  ['a permutation', 'second', operatorLie('permute', 0)],
  ['a quantised block', 'second', operatorLie('quantise', 3)],
  ['an element of a contraction', 'second', operatorLie('contract', 0)],
  ['a partial result of a contraction', 'second', partialLie('contract', 0)],
  ['a partial result of a sum', 'second', partialLie('sum', 3)],
  ['a partial result of a maximum', 'second', partialLie('maximum', 0)],
  ['a partial result of a scatter-add', 'first', partialLie('scatterAdd', 0)],
  ['the length of a leaf', 'second', longer(operatorLie('adamw', 1))],
  ['the length of a leaf of sums', 'second', longer(operatorLie('contract', 1))],
  ['the length of a leaf of partial results', 'second', longer(partialLie('contract', 1))],
  ['the sent update', 'update', operatorLie('quantise', 0)],
  ['a dequantised update', 'outer', operatorLie('dequantise', 0)],
  ['the mean of an evaluation', 'evaluation', operatorLie('add', 1)],
  ['an initial weight', 'initial', operatorLie('normal', 0)],
  ['a slot of a step’s end', 'second', () => ({ about: 'slot', run: 2, target: 0, slot: 4 })],
  ['a slot of the replica’s state', 'update', () => ({ about: 'slot', run: 0, target: 1, slot: 2 })],
  ['the unit’s loss', 'update', () => ({ about: 'slot', run: 0, target: 2, slot: 0 })],
  [
    'a run that is said to have left the domain',
    'second',
    (job, subject) => ({ about: 'flag', run: 1, operator: operatorOf(job, subject, 'contract') }),
  ],
]

test.each(cases)('a lie about %s loses, told by either side', async (_, at, make) => {
  const subject = gpt.subjects[at]
  const lie = make(gpt, subject)
  const liar = lyingTraces(others, lie)
  const claimed = await claimedBy(liar, subject)
  const begun = own.runsDone()
  const charge = await play(claimed, liar, own)
  expect(charge).toMatchObject({ winner: 'challenger' })
  expect(charge.moves).toBeLessThanOrEqual(20)
  expect(own.runsDone() - begun).toBeLessThanOrEqual(subject.runs + 3)
  const before = own.runsDone()
  expect(await play(subject, own, liar)).toMatchObject({ winner: 'defender' })
  expect(own.runsDone() - before).toBeLessThanOrEqual(1) // the rest is known from the first game
})

/** A round that leaves the domain in its first step: by weights, or by tokens, that no honest job has. */
function wild(traced: TracedJob, values: Readonly<Record<string, number>>): { traced: TracedJob; subject: Subject } {
  const { model } = traced.job.program
  const { first } = traced.subjects
  const global = new Map(traced.states.get(first.globalRoot)!)
  for (const [name, value] of Object.entries(values))
    global.set(name, new Uint8Array(new Float32Array(global.get(name)!.length / 4).fill(value).buffer))
  const globalRoot = rootOfState(hash, globalSlots(model), global)
  return {
    traced: { ...traced, states: new Map(traced.states).set(globalRoot, global) },
    subject: { ...first, globalRoot },
  }
}

function wildTokens(traced: TracedJob): { traced: TracedJob; subject: Subject } {
  const { spec, program, data } = traced.job
  if (spec.data.kind === 'digits' || program.model.kind !== 'language') throw new Error('no text')
  const tokens = new Uint16Array(program.facts.tokens).fill(program.facts.vocabulary)
  const blob = new Uint8Array(tokens.buffer)
  const dataset = tokenDataset(tokens, spec.data.validationFraction, program.model.context, 'tokens')
  const job = { ...traced.job, data: { ...data, blob, dataset } }
  return { traced: { ...traced, job }, subject: { ...traced.subjects.first, dataRoot: bytesId(hash, blob) } }
}

const wildJobs: Record<string, () => Promise<{ traced: TracedJob; subject: Subject }>> = {
  contract: async () => wild(mlp, { 'layers.0.weight': 2 ** 15, 'layers.1.weight': 2 ** 47 }),
  multiply: async () => wild(mlp, { 'layers.1.weight': 2 ** 47 }),
  quantise: async () => wild(mlp, { 'layers.1.weight': 2 ** 49 }),
  gather: async () => wildTokens(gpt),
}

test.each(Object.keys(wildJobs))('that a %s left the domain is shown by whoever says so', async name => {
  const { traced, subject } = await wildJobs[name]!()
  const [defender, challenger] = [tracesOf(traced), tracesOf(traced)]
  const ends = await defender.endRoots(subject)
  expect(ends).toEqual(ends.map(() => DIVERGED))
  const hashes = await defender.leafHashes(subject, { tree: 'operators', run: 0 })
  const operator = hashes.indexOf(operatorLeafHash(hash, undefined))
  expect(traced.job.program.graphs.inner.nodes[operator]?.operator).toBe(name)
  const { runs } = subject
  const honest = await claimedBy(defender, subject)
  const liar = cleanTraces(challenger, operator)
  expect(await play(honest, defender, liar)).toMatchObject({ winner: 'defender' })
  expect(defender.runsDone()).toBeLessThanOrEqual(runs + 3)
  expect(await play(await claimedBy(liar, subject), liar, defender)).toMatchObject({
    winner: 'challenger',
    by: 'proof',
  })
  // Later operators are flagged without a reason of their own; to say that one of them is clean is a lie too.
  const late = cleanTraces(challenger, operator + 1)
  expect(await play(honest, defender, late)).toMatchObject({ winner: 'defender' })
  await defender.close()
  await challenger.close()
})
