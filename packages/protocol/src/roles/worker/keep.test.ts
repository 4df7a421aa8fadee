import type { HashHex } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import type { JobId } from '../../units.ts'
import { tickWorker } from '../worker.ts'
import { emptyWorker, type Pin, type WorkerEvent, type WorkerState } from './state.ts'

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
