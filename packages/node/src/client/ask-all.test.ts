import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Answer } from '../network/queries.ts'
import { allAnswers } from './ask-all.ts'

const good = (answer: string): Answer => ({ ok: true, answer })
const unreachable: Answer = { ok: false, code: 'unreachable' }
const never = new Promise<Answer>(() => undefined)

test('all answers count, in the order of who was asked', async () => {
  const slow = sleep(5).then(() => good('slow'))
  expect(await allAnswers([slow, Promise.resolve(good('fast'))], 1000)).toEqual([good('slow'), good('fast')])
  expect(await allAnswers([])).toEqual([])
})

test('who does not answer is waited for only as long as nobody else has', async () => {
  expect(await allAnswers([never, Promise.resolve(good('one'))], 5)).toEqual([
    { ok: false, code: 'timeout' },
    good('one'),
  ])
  const late = sleep(30).then(() => good('late'))
  expect(await allAnswers([Promise.resolve(unreachable), late], 5)).toEqual([unreachable, good('late')])
})
