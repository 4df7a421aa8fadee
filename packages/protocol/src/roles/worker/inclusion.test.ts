import type { HashHex } from '@cairn/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import { toTrained, toyKept, toyLeaseBody, toyTask } from '../../testing/toy-task.ts'
import { tickWorker } from '../worker.ts'
import type { WorkerEffect, WorkerEvent } from './events.ts'
import { emptyWorker, type LeaseBody, WORKER_SETTINGS } from './state.ts'

const { job, unit, signed: trained } = toyTask
const DEADLINE = toyLeaseBody.deadlineMs
/** When a third of the lease is left. */
const DUE = Math.ceil((DEADLINE * 2) / 3)

const signed = { epoch: 1, until: DEADLINE / 1000, custodians: ['account of first'], signature: 'lease' }
const body = { ...toyLeaseBody, signed } as LeaseBody
const timer: WorkerEvent = { event: 'timer' }
const noted: WorkerEvent = { event: 'noted', job, body: { about: 'commit', kind: 'train', round: 0, replica: 0 } }

/** The round with this worker's unit, or with another's. */
function closed(claimSignature: string): WorkerEvent {
  const units = [{ ...trained, claimSignature, custody: [] }]
  const round = { document: body.document, round: 0, units, startRoot: '02'.repeat(32) as HashHex, sources: [] }
  return { event: 'closed', from: 'coordinator', job, body: round as never, claims: [] }
}

describe('a worker whose unit is committed', () => {
  let state = emptyWorker()
  /** Tells events at a time, and returns the units that are to be put on the chain then. */
  function includedAt(nowMs: number, ...events: readonly WorkerEvent[]) {
    const effects = events.flatMap((event): readonly WorkerEffect[] => {
      const ticked = tickWorker(state, event, nowMs)
      state = ticked.state
      return ticked.effects
    })
    return effects.filter(effect => effect.effect === 'include')
  }

  beforeEach(() => {
    state = emptyWorker()
  })

  test('puts it on the chain when a third of its lease is left and nobody has noted it', () => {
    expect(includedAt(0, ...toTrained(body), toyKept('first'))).toEqual([])
    expect(includedAt(DUE - 1, timer)).toEqual([])
    const custody = [expect.objectContaining({ peer: 'first' })]
    const about = { job, unit, lease: 1, signed, commitment: { ...trained, custody } }
    expect(includedAt(DUE, timer)).toEqual([{ effect: 'include', ...about, kept: ['kept by first'] }])
    expect(includedAt(DUE + 1, timer)).toEqual([])
  })

  test('waits a third of what is left where it was done late', () => {
    const late = DEADLINE - 3000
    includedAt(0, ...toTrained(body).slice(0, 3))
    expect(includedAt(late, ...toTrained(body).slice(3), toyKept('first'), timer)).toEqual([])
    expect(includedAt(late + 999, timer)).toEqual([])
    expect(includedAt(late + 1000, timer)).toHaveLength(1)
  })

  test('does not where it was noted, unless its round is closed with that of another', () => {
    includedAt(0, ...toTrained(body), toyKept('first'), noted)
    expect(includedAt(DUE, timer)).toEqual([])
    expect(includedAt(DUE + 1, closed('of another'), timer)).toHaveLength(1)
  })

  test('does not where its round is closed with it', () => {
    includedAt(0, ...toTrained(body), toyKept('first'), closed(trained.claimSignature))
    expect(includedAt(DUE, timer)).toEqual([])
  })

  test('tries again what the chain refuses, until its lease is over', () => {
    const refused: WorkerEvent = { event: 'included', job, unit, refused: 'WrongRound' }
    includedAt(0, ...toTrained(body), toyKept('first'))
    expect(includedAt(DUE, timer, refused, timer)).toHaveLength(1)
    expect(includedAt(DUE + WORKER_SETTINGS.retryMs, timer)).toHaveLength(1)
    expect(includedAt(DEADLINE, refused, timer)).toEqual([])
  })

  test('is done with what the chain has taken', () => {
    includedAt(0, ...toTrained(body), toyKept('first'))
    includedAt(DUE, timer, { event: 'included', job, unit })
    expect(includedAt(DUE + 1, closed('of another'), timer)).toEqual([])
  })

  test('cannot where a custodian of its lease has not signed, or the lease is not signed', () => {
    const others = { ...body, signed: { ...signed, custodians: ['account of another'] } } as LeaseBody
    for (const lease of [others, toyLeaseBody]) {
      state = emptyWorker()
      includedAt(0, ...toTrained(lease), toyKept('first'))
      expect(includedAt(DUE, timer)).toEqual([])
    }
  })
})
