/**
 * Every cheat that is a backend is found out: it claims something else than an honest worker, and the game about the first part
 * that differs ends at the place where it lies, by the rules of the machine and by those of the contract.
 */
import { createHash } from 'node:crypto'
import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type RulesOnChain, startRules } from '@cairn/contracts/conformance'
import { wasm } from '@cairn/engine'
import type { HashFunction } from '@cairn/primitives'
import type { Subject } from '@cairn/protocol'
import { createReferee, type Traces } from '@cairn/training'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PlayedOnChain, playBetween, playersOf } from '../disputes/play-on-chain.ts'
import { type Cheat, dishonestBackend } from './cheat.ts'
import { CHEATS } from './cheats.ts'
import { DEFENDER_BEHAVIOURS, prying, untilStuck } from './players.ts'
import { sizedJob } from './sized-jobs.ts'
import { verdictOf } from './verdict.ts'
import { differences, doRound, type Part, subjectOf, tracesOn, type Work } from './work.ts'

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

const job = sizedJob('tiny', hash)
const rules = { hash, referee: createReferee(hash) }
const cheated = { spec: job.spec, data: job.data.dataset, round: 0 }
const UPDATE = job.spec.schedule.checkpoints

let localChain: LocalChain
let chain: RulesOnChain
let honest: Work
let honestTraces: Traces
beforeAll(async () => {
  localChain = await startLocalChain()
  chain = await startRules(localChain)
  honest = await doRound(job, wasm, hash)
  honestTraces = tracesOn(wasm, job, honest.states, hash)
})
afterAll(async () => {
  await honestTraces?.close()
  await localChain?.stop()
})

const cheatNamed = (name: string): Cheat => CHEATS.find(cheat => cheat.name === name) as Cheat
const workOf = (cheat: Cheat) => doRound(job, dishonestBackend(wasm, cheat, cheated), hash)
const subject = (work: Work, part: Part) => subjectOf(job, work, part, hash)
const table = (work: Work, part: Part) => ({ rules, chain, subject: subject(work, part), isPriced: false })

/** Plays with a party on a dishonest backend. */
async function withTraces<T>(cheat: Cheat, work: Work, play: (traces: Traces) => Promise<T>): Promise<T> {
  const traces = tracesOn(dishonestBackend(wasm, cheat, cheated), job, work.states, hash)
  return play(traces).finally(traces.close)
}

/** The first part of a claim that is not as it should be. */
function partOf([first]: readonly string[]): Part {
  if (first === 'outer') return 'outer'
  return first?.startsWith('checkpoint ') ? Number(first.slice('checkpoint '.length)) - 1 : UPDATE
}

const ALL = 'checkpoint 1, checkpoint 2, checkpoint 3, update, replica, loss, outer'
/** The lie is in the fourth of six steps; checkpoints are taken after every second. */
const LATER = 'checkpoint 2, checkpoint 3, update, replica, loss, outer'

/** What the cheat's claim differs in, and where the game about the first of it ends. */
const FOUND: Readonly<Record<string, readonly [differs: string, verdict: string]>> = {
  'skips-one-step': [LATER, 'inner step 3: add next/unitLoss, element 0; by proof'],
  'skips-the-rest': [LATER, 'inner step 3: add next/unitLoss, element 0; by proof'],
  'skips-every-other-step': [ALL, 'inner step 1: add next/unitLoss, element 0; by proof'],
  'returns-input': [ALL, 'inner step 0: add next/unitLoss, element 0; by proof'],
  'other-data': [ALL, 'inner step 0: input x, element 1; by proof'],
  'other-seed': [ALL, 'inner step 0: input key, root 0; by proof'],
  'other-learning-rate': [ALL, 'inner step 0: constant, root 0; by proof'],
  // The update is too coarse to show it.
  'one-ulp': [
    'checkpoint 2, checkpoint 3, replica',
    'inner step 3: adamw next/h.0.mlp.c_fc.weight, element 2867; by proof',
  ],
  'wrong-second-moment': [LATER, 'inner step 3: movingSquare next/moment2/h.0.mlp.c_fc.weight, element 0; by proof'],
  'random-update': ['update, replica, outer', 'update: quantise update0/wte.weight, element 0; by proof'],
  'wrong-error-feedback': ['replica', 'update: subtract next/wte.weight, element 0; by proof'],
  'wrong-outer-step': ['outer', 'outer: subtract next/wte.weight, element 0; by proof'],
  'false-divergence': [LATER, 'inner step 3: movingSquare next/moment2/h.0.mlp.c_fc.weight; by silence'],
}

const verdict = (played: PlayedOnChain, about: Subject): string =>
  `${verdictOf(job.program, about, played)}; by ${played.by}`

describe('a worker on a dishonest backend loses to an honest challenger', () => {
  it.each(Object.entries(FOUND))('%s', async (name, [differs, expected]) => {
    const cheat = cheatNamed(name)
    const work = await workOf(cheat)
    const found = differences(honest, work)
    const part = partOf(found)
    const played = await withTraces(cheat, work, traces => {
      const players = playersOf({ defender: traces, challenger: honestTraces })
      return playBetween(table(work, part), { ...players, defender: untilStuck(players.defender) })
    })
    expect(found.join(', ')).toBe(differs)
    expect(verdict(played, subject(work, part))).toBe(expected)
    expect(played.winner).toBe('challenger')
  })
})

it('knows every cheat', () => {
  expect(CHEATS.map(({ name }) => name).toSorted()).toEqual([...Object.keys(FOUND), 'wrong-trace'].toSorted())
})

describe('a right result with a wrong trace', () => {
  const cheat = cheatNamed('wrong-trace')
  /** The part with the wrong run, and which of its runs that is. */
  const [part, run] = [1, 1]

  it('claims what an honest worker claims, and an honest challenger has nothing to say', async () => {
    const work = await workOf(cheat)
    expect(work.claim).toEqual(honest.claim)
    const played = await withTraces(cheat, work, defender =>
      playBetween(table(work, part), playersOf({ defender, challenger: honestTraces })),
    )
    expect([played.winner, played.by]).toEqual(['defender', 'concession'])
  })

  it('loses to who disputes that run all the same', async () => {
    const played = await withTraces(cheat, honest, traces => {
      const { defender } = playersOf({ defender: traces, challenger: traces })
      return playBetween(table(honest, part), { defender, challenger: prying(honestTraces, run) })
    })
    expect(played.winner).toBe('challenger')
    expect(verdict(played, subject(honest, part))).toBe(
      'inner step 3: movingAverage next/moment1/h.0.mlp.c_fc.weight, element 2867; by proof',
    )
  })
})

describe('a cheat that plays', () => {
  const cheat = cheatNamed('one-ulp')
  const part = 1
  let work: Work
  let traces: Traces
  beforeAll(async () => {
    work = await workOf(cheat)
    traces = tracesOn(dishonestBackend(wasm, cheat, cheated), job, work.states, hash)
  })
  afterAll(() => traces?.close())

  it.each([
    ['silent', 0],
    ['nothing-under-it', 5],
    ['other-program', 9],
    ['blinded-garbage', 5],
  ])('%s has no move left after a few', async (name, moves) => {
    const { around } = DEFENDER_BEHAVIOURS.find(each => each.name === name) as (typeof DEFENDER_BEHAVIOURS)[number]
    const players = playersOf({ defender: traces, challenger: honestTraces })
    const played = await playBetween(table(work, part), { ...players, defender: around(players.defender, hash) })
    expect([played.winner, played.by, played.moves]).toEqual(['challenger', 'silence', moves])
  })

  it('wins nothing as a false accuser of an honest worker', async () => {
    const players = playersOf({ defender: honestTraces, challenger: traces })
    const played = await playBetween(table(honest, part), players)
    expect([played.winner, played.by, played.path.at(-1)?.move]).toEqual(['defender', 'silence', 'prove'])
  })
})
