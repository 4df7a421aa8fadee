/** What a coordinator does when the chain refuses a link. */
import { beforeEach, describe, expect, test } from 'vitest'
import { A, coordinatorDesk, DIVERGENCE, divergedUnit, facts, held, job } from '../../testing/coordinator-desk.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { type ChainView, DEFAULT_SETTINGS } from './state.ts'

describe('a link that the chain refuses', () => {
  const { tell, wait, record, commit, report, begin, doRound } = coordinatorDesk()

  beforeEach(() => begin(facts, 0n))

  test('for the bond of a worker makes its unit open again, for others first', () => {
    doRound()
    expect(record().calling?.call).toMatchObject({ call: 'anchor', round: 0 })
    const reasons = tell({ event: 'called', job, ok: false, unbonded: accountOf(A) }).join()
    expect(reasons).toContain(`${accountOf(A)} has no stake left for its bond`)
    expect(record().rounds).toHaveLength(1)
    expect(record().rounds[0]?.units[0]?.lease?.node).not.toBe(A)
    expect(record().rounds[0]?.globalRoot).toBeUndefined()
  })

  describe('ends nothing when nobody can answer for it that the job left the domain:', () => {
    const refused = (liar: string) => {
      expect(record().ended).toMatchObject({ outcome: 'diverged' })
      expect(record().calling?.call).toMatchObject({ call: 'end', outcome: 'diverged' })
      const reasons = tell({ event: 'called', job, ok: false, unbonded: accountOf(liar) }).join()
      expect(reasons).toContain(`${accountOf(liar)} has no stake left for its bond`)
      expect(record()).not.toHaveProperty('ended')
      expect(record()).not.toHaveProperty('ending')
    }

    test('a unit', () => {
      commit(A, divergedUnit(A))
      report(A, { diverged: DIVERGENCE })
      refused(A)
      expect(record().rounds[0]?.units[0]?.lease?.node).not.toBe(A)
    })

    test('an evaluation', () => {
      const liar = doRound(DIVERGENCE)
      refused(liar)
      expect(record().rounds[0]?.evaluation?.lease?.node).not.toBe(liar)
      expect(record().rounds[1]?.units[0]?.state).toBe('leased')
    })
  })

  test('keeps nobody from what is owed where it would close a cancelled chain', () => {
    const liar = doRound(DIVERGENCE)
    const cancelled: ChainView = { ...held, status: 'cancelled', cancelEndsAtMs: 1e9 }
    tell({ event: 'called', job, ok: false }, { event: 'chain', job, view: cancelled })
    const calls: string[] = []
    for (let i = 0; i < 8; i++) {
      wait(DEFAULT_SETTINGS.callTimeoutMs)
      tell({ event: 'timer' })
      calls.push(record().calling?.call.call ?? 'none')
      const unbonded = i === 1 ? { unbonded: accountOf(liar) } : {}
      tell({ event: 'called', job, ok: false, isRefused: true, ...unbonded })
      tell({ event: 'chain', job, view: cancelled })
    }
    expect(calls.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'end'))
    expect(calls.at(-1)).toBe('assertEarnings')
  })

  /** Has it refused for what it holds, as often as it takes. */
  const refuse = (): string => {
    const said: string[] = []
    for (let i = 0; i < 5; i++) {
      wait(DEFAULT_SETTINGS.callTimeoutMs)
      tell({ event: 'timer' })
      said.push(...tell({ event: 'called', job, ok: false, isRefused: true, isWrong: true }))
    }
    return said.join()
  }

  test('again and again for what it holds is of a round that is done again', () => {
    doRound()
    tell({ event: 'called', job, ok: false, isRefused: true, isWrong: true })
    tell({ event: 'called', job, ok: true })
    expect(record().rounds[0]?.units[0]?.state).toBe('committed')
    expect(refuse()).toContain('round 0 is done again: the chain has refused the link 5 times')
    expect(record().rounds[0]?.units[0]?.state).toBe('open')
    expect(record().rounds[0]).not.toHaveProperty('globalRoot')
  })

  test('again and again for what it holds ends no job', () => {
    doRound(DIVERGENCE)
    expect(refuse()).toContain('round 0 is done again')
    expect(record()).not.toHaveProperty('ended')
    expect(record().rounds[0]?.units[0]?.state).toBe('open')
  })
})
