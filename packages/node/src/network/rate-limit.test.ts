import { expect, test } from 'vitest'
import { rateLimiter } from './rate-limit.ts'

const timesAllowed = (take: () => boolean, tries: number) => Array.from({ length: tries }, take).filter(Boolean).length

test('a peer may do so much at once, and then so much a second', () => {
  let now = 0
  const limiter = rateLimiter({ perSecond: 10, burst: 5 }, () => now)
  expect(timesAllowed(() => limiter.take('a'), 20)).toBe(5)
  now = 1000
  expect(timesAllowed(() => limiter.take('a'), 20)).toBe(5)
  now = 1200
  expect(timesAllowed(() => limiter.take('a'), 20)).toBe(2)
  expect(timesAllowed(() => limiter.take('b'), 20)).toBe(5)
})

test('a clock that goes back gives nothing and takes nothing', () => {
  let now = 1000
  const limiter = rateLimiter({ perSecond: 10, burst: 2 }, () => now)
  expect(timesAllowed(() => limiter.take('a'), 3)).toBe(2)
  now = 0
  expect(limiter.take('a')).toBe(false)
  now = 200
  expect(limiter.take('a')).toBe(true)
})

test('very many peers are forgotten, not remembered for ever', () => {
  let now = 0
  const limiter = rateLimiter({ perSecond: 1, burst: 1 }, () => now)
  for (let i = 0; i < 50_000; i++) limiter.take(`peer ${i}`)
  expect(limiter.take('peer 49999')).toBe(false)
  now = 5000
  expect(limiter.take('peer 49999')).toBe(true)
})
