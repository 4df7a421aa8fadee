import { describe, expect, test } from 'vitest'
import { toTrained, toyKept, toyLeaseBody, toyTask } from '../../testing/toy-task.ts'
import { tickWorker } from '../worker.ts'
import type { WorkerEffect, WorkerEvent } from './events.ts'
import { emptyWorker } from './state.ts'

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
    const effects = tell([...toTrained(), toyKept('first')])
    expect(effects.flatMap(effect => (effect.effect === 'sendKeep' ? [effect.to] : []))).toEqual(['first'])
    expect(committed(effects)).toEqual(['first'])
  })

  test('asks those that another lease on the unit names, and commits with theirs', () => {
    const named = (...peers: string[]) => peers.map(peer => ({ peer, addresses: [] }))
    const again = (lease: number, ...peers: string[]): WorkerEvent => {
      const body = { ...toyLeaseBody, lease, custodians: named(...peers) }
      return { event: 'lease', from: 'another coordinator', job: toyTask.job, body }
    }
    const timer: WorkerEvent = { event: 'timer' }
    const committedOnce = [...toTrained(), toyKept('first')]
    expect(committed(tell([...committedOnce, again(2, 'first', 'third'), timer]))).toEqual(['first'])
    const other = [...committedOnce, again(2, 'third'), timer, toyKept('third')]
    expect(committed(tell(other))).toEqual(['first', 'third'])
  })

  test('does not with that of somebody it has not asked', () => {
    expect(committed(tell([...toTrained(), toyKept('second'), toyKept('stranger')]))).toEqual([])
  })
})
