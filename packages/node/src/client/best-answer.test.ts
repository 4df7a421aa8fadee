import { describe, expect, test } from 'vitest'
import type { Question, Standing, WhyAnswer } from '../runtime/summaries.ts'
import { bestAnswer } from './best-answer.ts'

const standing = (change: Partial<Standing> = {}): Standing => ({
  ...{ holdsLease: false, epoch: 1, agreed: 0, anchored: 0, isClosed: false },
  ...change,
})

const best = (ask: Question['ask'], ...answers: readonly unknown[]) => bestAnswer({ ask }, answers)

describe('of what coordinators say of a job counts', () => {
  const loser = standing()
  const holder = standing({ holdsLease: true, agreed: 3, anchored: 2 })

  test('the word of who holds its lease, whoever is asked first', () => {
    expect(best('job', loser, holder)).toBe(holder)
    expect(best('job', holder, loser)).toBe(holder)
    const ahead = standing({ anchored: 9, isClosed: true })
    expect(best('job', ahead, holder)).toBe(holder)
  })

  test('not the word of who held it before somebody took it over', () => {
    const before = standing({ holdsLease: true, epoch: 1, anchored: 2 })
    const after = standing({ epoch: 2, anchored: 5, isClosed: true })
    expect(best('job', before, after)).toBe(after)
  })

  test('the furthest where nobody holds it: most anchored, then closed, then agreed', () => {
    const [anchored, closed, agreed] = [
      standing({ anchored: 4 }),
      standing({ anchored: 4, isClosed: true }),
      standing({ anchored: 4, agreed: 5 }),
    ]
    expect(best('job', loser, anchored, agreed)).toBe(agreed)
    expect(best('job', agreed, closed, anchored)).toBe(closed)
  })

  test('anybody’s who knows it, and nobody’s where none does', () => {
    expect(best('job', null, loser)).toBe(loser)
    expect(best('document', null, 'bytes')).toBe('bytes')
    expect(best('job', null, null)).toBeNull()
    expect(best('jobs', null)).toBeNull()
  })
})

test('lists are put together: of every job and every node the best', () => {
  const job = (id: string, change: Partial<Standing> = {}) => ({ job: id, ...standing(change) })
  const held = job('a', { holdsLease: true, anchored: 1 })
  expect(best('jobs', [job('a'), job('b')], [held, job('c')])).toEqual([held, job('b'), job('c')])

  const node = (peer: string, seenMsAgo: number, isWorking = false) => ({
    peer,
    seenMsAgo,
    isWorking,
    isLive: true,
    measured: false,
  })
  const [idle, working] = [node('x', 10), node('x', 900, true)]
  const gone = { ...working, isLive: false }
  expect(best('nodes', [idle, node('y', 5)], [working, node('y', 3), node('z', 1)])).toEqual([
    working,
    node('y', 3),
    node('z', 1),
  ])
  expect(best('nodes', [gone], [idle])).toEqual([idle])
  const measured = { ...node('x', 50), measured: true }
  expect(best('nodes', [idle], [measured])).toEqual([measured])
})

describe('why', () => {
  const why = (now: string, rest: Partial<WhyAnswer>): WhyAnswer => ({
    subject: 's',
    now,
    history: [],
    work: [],
    ...rest,
  })
  const work = (job: string, trained: number) => ({
    job,
    account: '0x1',
    trained,
    ...{ evaluated: 0, kept: 0, coordinated: 0, audited: 0 },
  })

  test('a job does what it does is told by who knows it best', () => {
    const stale = why('running', { standing: standing() })
    const fresh = why('finished', { standing: standing({ anchored: 2 }) })
    expect(best('why', stale, fresh)).toBe(fresh)
  })

  test('a node does what it does is told by who gave it work, and what it earned by all', () => {
    const busy = why('works', {
      heard: { isLive: true, isWorking: true, seenMsAgo: 9 },
      work: [work('a', 3), work('b', 1)],
    })
    const idle = why('idle', {
      heard: { isLive: true, isWorking: false, seenMsAgo: 1 },
      work: [work('b', 2), work('c', 1)],
    })
    expect(best('why', idle, busy)).toEqual({ ...busy, work: [work('b', 2), work('c', 1), work('a', 3)] })
  })
})
