import type { HashHex } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import type { JobId } from '../../units.ts'
import { tickWorker } from '../worker.ts'
import type { WorkerEvent } from './events.ts'
import { emptyWorker, type Keep, type Pin, WORKER_SETTINGS, type WorkerState } from './state.ts'

const job = 'ab'.repeat(32) as JobId
const root = '01'.repeat(32) as HashHex
const pin: Pin = { job, submitter: 'submitter', document: root, roots: [root], sources: [] }

/** Runs events a second apart and returns when the worker said that it holds the blobs. */
function saidAt(events: readonly WorkerEvent[]): number[] {
  const times: number[] = []
  let state: WorkerState = emptyWorker()
  for (const [second, event] of events.entries()) {
    const ticked = tickWorker(state, event, second * 1000)
    state = ticked.state
    if (ticked.effects.some(({ effect }) => effect === 'sendPinned')) times.push(second)
  }
  return times
}

const timers = (count: number): WorkerEvent[] => Array.from({ length: count }, () => ({ event: 'timer' }))
const held: WorkerEvent[] = [
  { event: 'pin', pin },
  { event: 'fetched', job, root, ok: true, reason: '' },
]

describe('a worker that holds the blobs of a job', () => {
  test('says so until a coordinator has noted it', () => {
    expect(saidAt([...held, ...timers(6)])).toEqual([1, 3, 5, 7])
  })

  test('then says it now and then, for a coordinator that takes over', () => {
    const noted: WorkerEvent = { event: 'noted', job, body: { about: 'pinned' } }
    expect(saidAt([...held, noted, ...timers(61)])).toEqual([1, 31, 61])
  })

  test('says it no more when the job is over', () => {
    const ended: WorkerEvent = { event: 'ended', job, outcome: 'finished', reason: 'done' }
    expect(saidAt([...held, ended, ...timers(61)])).toEqual([1])
  })
})

const rootOf = (number: number) => number.toString(16).padStart(64, '0') as HashHex

interface Told {
  readonly state: WorkerState
  /** Of all effects, those of one kind. */
  count(effect: string): number
}

/** Tells a worker of events, each at its time, and of nothing else. */
function tell(events: readonly (readonly [atMs: number, event: WorkerEvent])[]): Told {
  let state: WorkerState = emptyWorker()
  const effects = events.flatMap(([atMs, event]) => {
    const ticked = tickWorker(state, event, atMs)
    state = ticked.state
    return ticked.effects
  })
  return { state, count: kind => effects.filter(({ effect }) => effect === kind).length }
}

interface Asked {
  readonly round?: number
  readonly holder?: string
  readonly roots?: number
}

const keepOf = ({ round = 0, holder = 'holder', roots = 1 }: Asked): Keep => ({
  job,
  unit: { job, round, replica: 0, kind: 'train' },
  updateRoot: rootOf(roots),
  newReplicaRoot: rootOf(roots + 1_000_000),
  claim: rootOf(roots + 2_000_000),
  holder: { peer: holder, addresses: [] },
})

const ask = (asked: Asked): WorkerEvent => ({ event: 'keep', keep: keepOf(asked) })
const fetched = (number: number): WorkerEvent => ({ event: 'fetched', job, root: rootOf(number), ok: true, reason: '' })
const many = (count: number, event: (i: number) => WorkerEvent) =>
  Array.from({ length: count }, (_, i) => [i, event(i)] as const)

describe('a worker that is asked to keep what others made', () => {
  test('says so once both blobs are here, and forgets them', () => {
    const { state, count } = tell([
      [0, ask({})],
      [1, fetched(1)],
      [2, fetched(1_000_001)],
    ])
    expect([count('fetch'), count('sendKept')]).toEqual([2, 1])
    expect([state.keeps.size, state.jobs.size]).toEqual([0, 0])
  })

  test('takes one result of a unit from one node at a time, and no more for being asked again', () => {
    const { state, count } = tell(many(1000, i => ask({ roots: i < 500 ? 1 : i })))
    expect([state.keeps.size, count('fetch')]).toEqual([1, 2])
    expect([...state.keeps.values()][0]?.keep).toEqual(keepOf({ roots: 1 }))
  })

  test('has a limit for each node, and one for all', () => {
    const flood = tell(many(1000, i => ask({ round: i, roots: i })))
    expect([flood.state.keeps.size, flood.count('fetch')]).toEqual([16, 32])
    const all = tell(many(1000, i => ask({ round: i, roots: i, holder: `holder ${i % 100}` })))
    expect([all.state.keeps.size, all.count('fetch')]).toEqual([256, 512])
  })

  test('has room for others again when nobody repeats a keep that never came', () => {
    const { standingMs } = WORKER_SETTINGS
    const flood = many(16, i => ask({ round: i, roots: i }))
    const repeated: (readonly [number, WorkerEvent])[] = [[standingMs - 1, ask({ round: 3, roots: 3 })]]
    const later = [...flood, ...repeated, [standingMs + 16, { event: 'timer' }] as const]
    expect([...tell(later).state.keeps.values()].map(({ keep }) => keep.unit.round)).toEqual([3])
    const { state } = tell([...later, [standingMs + 17, ask({ round: 99, roots: 99 })]])
    expect(state.keeps.size).toBe(2)
  })

  test('keeps the reasons of a job free of what strangers do not have', () => {
    const failed: WorkerEvent = { event: 'fetched', job, root: rootOf(1), ok: false, reason: 'not there' }
    expect(
      tell([
        [0, ask({})],
        [1, failed],
      ]).count('reason'),
    ).toBe(0)
  })
})

describe('a worker that is asked to hold the data of a job', () => {
  const asked = (submitter: string): WorkerEvent => ({ event: 'pin', pin: { ...pin, submitter } })

  test('remembers the newest few that asked, however many there are', () => {
    const { state, count } = tell(many(100, i => asked(`submitter ${i}`)))
    expect([...state.pins.values()].map(standing => standing.pin.submitter)).toEqual(
      Array.from({ length: 8 }, (_, i) => `submitter ${i + 92}`),
    )
    expect(count('fetch')).toBe(1)
  })

  test('forgets what nobody repeats', () => {
    const { state } = tell([
      [0, asked('submitter')],
      [WORKER_SETTINGS.standingMs, { event: 'timer' }],
    ])
    expect(state.pins.size).toBe(0)
  })
})
