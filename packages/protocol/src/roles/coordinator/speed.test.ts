/** What a node gains by what it says of its speed: nothing. A standard unit counts until it has done a unit, then units. */
import { beforeEach, expect, test } from 'vitest'
import { measuredEvent, standardEvent, standardRoot } from '../../testing/toy-measures.ts'
import { toyChecking, toyFacts, toyInitialRoot, toyUnit } from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import { measureObstacle } from './measure.ts'
import { type ChainView, DEFAULT_SETTINGS, emptyCoordinator } from './state.ts'

const ACCOUNT = `0x${'c'.repeat(40)}`
const [LIAR, HONEST] = ['a', 'b'].map(letter => letter.repeat(64)) as [string, string]
const OPERATIONS = 10n ** 12n
const TRUE_SPEED = 3_000_000_000
const toy = toyFacts({ replicas: 1, rounds: 2, custodians: 1, checkpoints: 1 })
const facts = { ...toy, operationsPerUnit: OPERATIONS }
const { job } = facts
const MEASURE_AFTER_MS = DEFAULT_SETTINGS.measureAfterMs
const unit = { job, round: 0, replica: 0, kind: 'train' } as const
const held: ChainView = {
  ...{ status: 'open', coordinator: ACCOUNT, holdsLease: true, epoch: 1, anchored: 0, finalLinks: 0, isEnded: false },
  ...{ finalisesAtMs: [], wrongs: [], cancelEndsAtMs: 0 },
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}

let state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
let nowMs = 0
let seeds = new Map<string, number>()
let said: string[] = []
/** Says for whom standard units are to be checked. */
function tell(...events: CoordinatorEvent[]): string[] {
  return events.flatMap(event => {
    const ticked = tickCoordinator(state, event, nowMs, 7 + nowMs)
    state = ticked.state
    return ticked.effects.flatMap(effect => {
      if (effect.effect === 'reason') said.push(effect.text)
      if (effect.effect === 'send' && effect.kind === 'measure') seeds.set(effect.to, effect.body.seed)
      return effect.effect === 'standardUnit' ? [effect.peer] : []
    })
  })
}
/** A standard unit has as many operations as are done in a second. */
const STANDARD = BigInt(TRUE_SPEED)
const seedOf = (peer: string) => seeds.get(peer) as number
const answer = (peer: string, root = standardRoot(seedOf(peer))) =>
  tell({ event: 'measured', peer, seed: seedOf(peer), root })
const found = (peer: string) => tell(standardEvent(peer, seedOf(peer), STANDARD))
/** Lets time pass, heard of by both. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 5_000) {
    nowMs += Math.min(left, 5_000)
    tell(presence(LIAR, 1000 * TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  }
}
const presence = (peer: string, operationsPerSecond: number): CoordinatorEvent => {
  const node = { peer, account: accountOf(peer), owner: `owner of ${peer}`, role: 'worker', addresses: [] } as const
  return {
    event: 'presence',
    node: { ...node, price: 1n, memoryBytes: 1000, operationsPerSecond, leaving: false, freeStake: 0n },
  }
}
const lease = () => state.jobs.get(job)?.rounds[0]?.units[0]?.lease
const speedOf = (peer: string) => state.nodes.get(peer)?.operationsPerSecond
/** Both are there for as long as it takes until they are asked. */
function join(): void {
  tell(presence(LIAR, 1000 * TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  pass(MEASURE_AFTER_MS)
}
const begin = () => {
  tell(presence(LIAR, 1000 * TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  tell({ event: 'job', facts, submitter: '0xs', chain: held, history: [] }, { event: 'pinned', job, peer: HONEST })
}
const waiting = () => state.jobs.get(job)?.waiting

function commit(): void {
  const signed = toyUnit(unit, toyInitialRoot, undefined, { worker: LIAR, account: accountOf(LIAR), before: [] })
  const commitment = { ...signed.commitment, checkpointRoots: ['e'.repeat(64) as typeof toyInitialRoot] }
  const custody = [{ peer: HONEST, account: accountOf(HONEST), signature: '0'.repeat(128) }]
  const claim = toyChecking.claimHash(trainedClaim(commitment))
  const outcome = { kind: 'trained', commitment: { ...signed, commitment, custody }, claim } as const
  tell({ event: 'commit', job, peer: LIAR, unit, outcome, before: [] })
}

beforeEach(() => {
  state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
  ;[nowMs, seeds, said] = [1_000, new Map(), []]
})

test('a node that has had nothing to do for a while is asked, each with a seed of its own', () => {
  tell(presence(LIAR, TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  pass(MEASURE_AFTER_MS - 1)
  expect(seeds.size).toBe(0)
  pass(1)
  expect(seeds.size).toBe(2)
  expect(seedOf(LIAR)).not.toBe(seedOf(HONEST))
})

test('nobody waits for it: who is not measured gets a unit, after those who are', () => {
  tell(presence(LIAR, 1000 * TRUE_SPEED))
  join()
  answer(HONEST)
  found(HONEST)
  expect(state.nodes.get(LIAR)?.operationsPerSecond).toBe(1000 * TRUE_SPEED)
  begin()
  expect(lease()?.node).toBe(HONEST)
  expect(waiting()).toBeUndefined()
})

test('a thousand times its speed gets a node nothing once both are measured: the faster one has the unit', () => {
  join()
  pass(1_000)
  expect(answer(HONEST)).toEqual([HONEST])
  pass(1_000)
  expect(answer(LIAR)).toEqual([LIAR])
  expect(speedOf(LIAR)).toBe(1000 * TRUE_SPEED) // answers that nobody has checked say nothing
  found(LIAR)
  found(HONEST)
  expect([speedOf(LIAR), speedOf(HONEST)]).toEqual([TRUE_SPEED / 2, TRUE_SPEED])
  begin()
  const { shortestLeaseMs, leaseFactor } = DEFAULT_SETTINGS
  const expectedMs = Math.ceil((1000 * Number(OPERATIONS)) / TRUE_SPEED)
  expect(lease()).toMatchObject({ node: HONEST, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * expectedMs })
})

test('a wrong answer gets no lease, says so, and is asked anew, later each time', () => {
  join()
  let pauseMs = DEFAULT_SETTINGS.measurePauseMs
  for (let i = 0; i < 3; i++) {
    const seed = seedOf(LIAR)
    answer(LIAR, 'f'.repeat(64) as typeof toyInitialRoot)
    found(LIAR)
    expect(said.at(-1)).toBe(
      `aaaaaaaa gets no lease: its answer to the standard unit was wrong; it is asked again in ${pauseMs / 1000} s`,
    )
    answer(LIAR) // too late
    found(LIAR)
    pass(pauseMs - 1)
    expect(seedOf(LIAR)).toBe(seed)
    pass(1)
    expect(seedOf(LIAR)).not.toBe(seed)
    pauseMs *= 2
  }
  begin()
  expect(lease()?.node).toBe(HONEST) // who has not answered at all may have it
  const obstacle = () => measureObstacle(state.nodes.get(LIAR)!)
  expect(obstacle()).toBe('its answer to the standard unit was wrong; it will be asked again')
  answer(LIAR)
  found(LIAR)
  expect(obstacle()).toBeUndefined()
})

test('who does not answer is asked again, and still is not measured; an answer to another seed is none', () => {
  join()
  tell(measuredEvent(LIAR, seedOf(HONEST)))
  pass(DEFAULT_SETTINGS.measureTimeoutMs)
  expect(said.join()).toContain('aaaaaaaa did not answer to the standard unit within 100 s; it is asked again in 10 s')
  expect(state.nodes.get(LIAR)?.measuredBy).toBeUndefined()
  begin()
  expect(lease()).toBeDefined()
})

test('what a node was asked for comes to nothing when it gets a unit; its unit tells', () => {
  join()
  const seed = seedOf(LIAR)
  begin()
  expect(lease()?.node).toBe(LIAR)
  expect(answer(LIAR)).toEqual([])
  tell(standardEvent(LIAR, seed, STANDARD))
  expect(state.nodes.get(LIAR)?.measuredBy).toBeUndefined()
})

test('an answer that could not be checked is checked again', () => {
  join()
  expect(answer(LIAR)).toEqual([LIAR])
  const checks: string[] = []
  for (let i = 0; i < DEFAULT_SETTINGS.measureTimeoutMs / 5_000; i++) {
    nowMs += 5_000
    checks.push(...tell(presence(LIAR, TRUE_SPEED)))
  }
  expect(checks).toEqual([LIAR])
})

test('after the first unit a node is as fast as it was, whatever it says, and whatever its standard unit said', () => {
  join()
  answer(LIAR)
  found(LIAR)
  expect(speedOf(LIAR)).toBe(1000 * TRUE_SPEED) // done at once, by somebody else
  begin()
  nowMs += 10_000
  commit()
  expect(state.jobs.get(job)?.rounds[0]?.units[0]?.state).toBe('committed')
  const measured = Number(OPERATIONS) / 10
  expect(speedOf(LIAR)).toBe(measured)
  seeds.clear()
  tell(presence(LIAR, 1000 * TRUE_SPEED))
  expect(speedOf(LIAR)).toBe(measured)
  expect(seeds.has(LIAR)).toBe(false)
})

test('a node that makes itself slow cannot hold a unit for as long as it likes', () => {
  join()
  pass(DEFAULT_SETTINGS.measureTimeoutMs - 1)
  answer(LIAR)
  found(LIAR)
  begin()
  const { shortestLeaseMs, leaseFactor, slowestOperationsPerSecond } = DEFAULT_SETTINGS
  expect(speedOf(LIAR)).toBeLessThan(slowestOperationsPerSecond)
  const longestMs = (1000 * Number(OPERATIONS)) / slowestOperationsPerSecond
  expect(lease()).toMatchObject({ node: LIAR, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * longestMs })
})
