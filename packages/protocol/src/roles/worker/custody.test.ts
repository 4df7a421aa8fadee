import type { HashHex } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { toyInitialRoot, toyUnit } from '../../testing/toy-work.ts'
import type { JobId, Unit } from '../../units.ts'
import { tickWorker } from '../worker.ts'
import { emptyWorker, type LeaseBody, type WorkerEffect, type WorkerEvent } from './state.ts'

const job = 'ab'.repeat(32) as JobId
const unit: Unit = { job, round: 0, replica: 0, kind: 'train' }
const body = {
  lease: 1,
  unit,
  deadlineMs: 1_000_000,
  document: '01'.repeat(32) as HashHex,
  globalRoot: toyInitialRoot,
  sources: [],
  custodians: ['first', 'second'].map(peer => ({ peer, addresses: [] })),
  custodiansNeeded: 1,
  claims: [],
} as unknown as LeaseBody

const author = { worker: 'worker', account: `0x${'1'.repeat(40)}`, before: [] }

/** From the lease to the question to the first custodian. */
const trained: readonly WorkerEvent[] = [
  { event: 'lease', from: 'coordinator', job, body },
  { event: 'prepared', job, ok: true, reason: '' },
  { event: 'fetched', job, root: toyInitialRoot, ok: true, reason: '' },
  { event: 'trained', job, lease: 1, signed: toyUnit(unit, toyInitialRoot, undefined, author) },
]

const kept = (peer: string): WorkerEvent => ({
  event: 'kept',
  job,
  unit,
  custody: { peer, account: '', signature: '' },
})

function tell(events: readonly WorkerEvent[]): WorkerEffect[] {
  let state = emptyWorker()
  return events.flatMap(event => {
    const ticked = tickWorker(state, event, 0)
    state = ticked.state
    return ticked.effects
  })
}

const committed = (effects: readonly WorkerEffect[]) =>
  effects.flatMap(effect => (effect.effect === 'publish' ? effect.commitment.custody.map(({ peer }) => peer) : []))

describe('a worker whose unit is to be kept', () => {
  test('commits with the signature of whom it has asked', () => {
    const effects = tell([...trained, kept('first')])
    expect(effects.flatMap(effect => (effect.effect === 'sendKeep' ? [effect.to] : []))).toEqual(['first'])
    expect(committed(effects)).toEqual(['first'])
  })

  test('does not with that of somebody it has not asked', () => {
    expect(committed(tell([...trained, kept('second'), kept('stranger')]))).toEqual([])
  })
})
