/** What a node gains by what it says of its speed: nothing. A standard unit counts until it has done a unit, then units. */
import { beforeEach, expect, test } from 'vitest'
import { measuredEvent, standardEvent, standardRoot } from '../../testing/toy-measures.ts'
import { toyChecking, toyFacts, toyInitialRoot, toyUnit } from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import { type ChainView, DEFAULT_SETTINGS, emptyCoordinator } from './state.ts'

const ACCOUNT = `0x${'c'.repeat(40)}`
const [LIAR, HONEST] = ['a', 'b'].map(letter => letter.repeat(64)) as [string, string]
const OPERATIONS = 10n ** 12n
const TRUE_SPEED = 3_000_000_000
const toy = toyFacts({ replicas: 1, rounds: 2, custodians: 1, checkpoints: 1 })
const facts = { ...toy, operationsPerUnit: OPERATIONS }
const { job } = facts
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
const begin = () => {
  tell(presence(LIAR, 1000 * TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  tell({ event: 'job', facts, submitter: '0xs', chain: held, history: [] }, { event: 'pinned', job, peer: HONEST })
}
const waiting = () => state.jobs.get(job)?.waiting
/** Its standard unit takes a second. */
function measureHonest(): void {
  pass(1_000)
  answer(HONEST)
  found(HONEST)
}

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

test('a node is asked when it is heard of first, each with a seed of its own, and gets no lease before it has answered', () => {
  tell(presence(LIAR, TRUE_SPEED), presence(HONEST, TRUE_SPEED))
  expect(seeds.size).toBe(2)
  expect(seedOf(LIAR)).not.toBe(seedOf(HONEST))
  begin()
  expect(lease()).toBeUndefined()
  expect(waiting()).toContain('aaaaaaaa: it has not answered to the standard unit yet, which tells its speed')
  measureHonest()
  expect(lease()?.node).toBe(HONEST)
})

test('a thousand times its speed gets a node nothing: the faster one has the unit', () => {
  begin()
  pass(1_000)
  expect(answer(HONEST)).toEqual([HONEST])
  pass(1_000)
  expect(answer(LIAR)).toEqual([LIAR])
  expect(lease()).toBeUndefined() // answers that nobody has checked say nothing
  expect(waiting()).toContain('its answer to the standard unit is being checked')
  tell(standardEvent(LIAR, seedOf(LIAR), STANDARD), standardEvent(HONEST, seedOf(HONEST), STANDARD))
  expect([speedOf(LIAR), speedOf(HONEST)]).toEqual([TRUE_SPEED / 2, TRUE_SPEED])
  const { shortestLeaseMs, leaseFactor } = DEFAULT_SETTINGS
  const expectedMs = Math.ceil((1000 * Number(OPERATIONS) * 2) / TRUE_SPEED)
  // The only one there: for as long as its unit takes it, not a thousandth of that.
  expect(lease()).toMatchObject({ node: LIAR, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * expectedMs })
})

test('a wrong answer gets no lease, says so, and is asked anew, later each time', () => {
  begin()
  let pauseMs = DEFAULT_SETTINGS.measurePauseMs
  for (let i = 0; i < 3; i++) {
    const seed = seedOf(LIAR)
    answer(LIAR, 'f'.repeat(64) as typeof toyInitialRoot)
    found(LIAR)
    expect(waiting()).toContain('aaaaaaaa: its answer to the standard unit was wrong; it will be asked again')
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
  expect(lease()).toBeUndefined()
  answer(LIAR)
  found(LIAR)
  expect(lease()?.node).toBe(LIAR)
})

test('who does not answer gets no lease; an answer to another seed is none', () => {
  begin()
  tell({ ...measuredEvent(LIAR, seedOf(HONEST)) })
  pass(DEFAULT_SETTINGS.measureTimeoutMs)
  expect(waiting()).toContain('aaaaaaaa: it did not answer to the standard unit within 100 s')
  expect(lease()).toBeUndefined()
})

test('an answer that could not be checked is checked again', () => {
  begin()
  expect(answer(LIAR)).toEqual([LIAR])
  const checks: string[] = []
  for (let i = 0; i < DEFAULT_SETTINGS.measureTimeoutMs / 5_000; i++) {
    nowMs += 5_000
    checks.push(...tell(presence(LIAR, TRUE_SPEED)))
  }
  expect(checks).toEqual([LIAR])
})

test('after the first unit a node is as fast as it was, whatever it says, and whatever its standard unit said', () => {
  begin()
  answer(LIAR)
  found(LIAR)
  expect(speedOf(LIAR)).toBe(1000 * TRUE_SPEED) // done at once, by somebody else
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
  begin()
  pass(DEFAULT_SETTINGS.measureTimeoutMs - 1)
  answer(LIAR)
  found(LIAR)
  const { shortestLeaseMs, leaseFactor, slowestOperationsPerSecond } = DEFAULT_SETTINGS
  expect(speedOf(LIAR)).toBeLessThan(slowestOperationsPerSecond)
  const longestMs = (1000 * Number(OPERATIONS)) / slowestOperationsPerSecond
  expect(lease()).toMatchObject({ node: LIAR, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * longestMs })
})
