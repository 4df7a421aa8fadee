import { areParametersGood } from '@cairn/protocol'
import { expect, it } from 'vitest'
import { localParametersFor } from './index.ts'

it('are good around any challenge window', () => {
  for (let challengeSeconds = 1; challengeSeconds < 1_000; challengeSeconds++)
    expect(areParametersGood(localParametersFor({ challengeSeconds })), String(challengeSeconds)).toBe(true)
})
